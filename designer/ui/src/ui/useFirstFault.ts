import { type RefObject, useEffect } from "react";

/** Puts the cursor into the first field that is wrong, after each attempt to send the form. */
export function useFirstFault(form: RefObject<HTMLElement | null>, attempts: number) {
  useEffect(() => {
    if (attempts > 0) form.current?.querySelector<HTMLElement>("[aria-invalid='true']")?.focus();
  }, [form, attempts]);
}
