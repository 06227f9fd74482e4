import { createContext, useContext } from "react";

/** Which task instance is looked at, and looking at another. */
export interface Selection {
  selected: string;
  select: (instance: string) => void;
}

export const SelectionContext = createContext<Selection>({ selected: "", select: () => {} });

export const useSelection = () => useContext(SelectionContext);
