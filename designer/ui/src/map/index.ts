export { useColours } from "./colours";
export { GeoScopeEditor } from "./GeoScopeEditor";
export * from "./geometry";
export { PlacePicker } from "./PlacePicker";
export * from "./scope";
export { fitTo, useCanvas, useMap, WorldMap } from "./WorldMap";
