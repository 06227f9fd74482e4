export * from "./controls";
export * from "./dialog";
export * from "./format";
export * from "./icons";
export * from "./layout";
export * from "./unsaved";
