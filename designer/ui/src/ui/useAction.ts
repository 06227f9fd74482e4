import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { problemOf } from "@/api/http";

const kinds = ["operator", "service", "intent", "device"];

/** Does something once, and keeps what went wrong; the lists it changed are read again either way. */
export function useAction(act: () => Promise<unknown>) {
  const client = useQueryClient();
  const [state, setState] = useState<{ busy: boolean; problem?: string }>({ busy: false });
  const run = async () => {
    setState({ busy: true });
    let problem: string | undefined;
    try {
      await act();
    } catch (error) {
      problem = problemOf(error);
    }
    await Promise.all(kinds.map((kind) => client.invalidateQueries({ queryKey: [kind] })));
    setState({ busy: false, problem });
  };
  return { ...state, run };
}
