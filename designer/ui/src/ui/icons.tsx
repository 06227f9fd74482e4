// Line icons, drawn on a grid of 24.
const paths = {
  overview: "M4 13h6V4H4zm0 7h6v-4H4zm10 0h6v-9h-6zm0-16v4h6V4z",
  map: "M9 4 3 6.5v13L9 17l6 3 6-2.5v-13L15 7zm0 0v13m6-10v13",
  running:
    "M5 12a3 3 0 1 0 0-.01M19 6a2.5 2.5 0 1 0 0-.01M19 18a2.5 2.5 0 1 0 0-.01M7.7 10.7l6.6-3.4M7.7 13.3l6.6 3.4",
  operators: "M8 6 2 12l6 6m8-12 6 6-6 6M14 4l-4 16",
  topologies: "M4 4h6v5H4zm10 0h6v5h-6zM9 15h6v5H9zM7 9v3h10V9m-5 3v3",
  functions: "M13 2 4 14h7l-1 8 9-12h-7z",
  intents: "M12 21s7-6.2 7-11.5A7 7 0 0 0 5 9.5C5 14.8 12 21 12 21zm0-9a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5z",
  context:
    "M4 6c0-1.7 3.6-3 8-3s8 1.3 8 3-3.6 3-8 3-8-1.3-8-3zm0 0v6c0 1.7 3.6 3 8 3s8-1.3 8-3V6M4 12v6c0 1.7 3.6 3 8 3s8-1.3 8-3v-6",
  devices: "M7 3h10v18H7zm3 15h4M4 8v8m16-8v8",
  guide: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zm-2.5 6.5a2.5 2.5 0 1 1 3.5 2.3c-.7.4-1 .9-1 1.7m0 3v.01",
  plus: "M12 5v14M5 12h14",
  minus: "M5 12h14",
  edit: "M4 20h4L19 9l-4-4L4 16zm9-13 4 4",
  trash: "M4 7h16M9 7V4h6v3m-8 0 1 13h8l1-13m-7 4v6m4-6v6",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  download: "M12 4v11m-5-5 5 5 5-5M4 20h16",
  upload: "M12 15V4m-5 5 5-5 5 5M4 20h16",
  play: "M7 4v16l13-8z",
  stop: "M6 6h12v12H6z",
  restart: "M4 12a8 8 0 1 0 2.5-5.8M4 4v5h5",
  search: "M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM15.5 15.5 21 21",
  close: "M6 6l12 12M18 6 6 18",
  menu: "M4 6h16M4 12h16M4 18h16",
  sun: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2v2m0 16v2M2 12h2m16 0h2M5 5l1.4 1.4M17.6 17.6 19 19M5 19l1.4-1.4M17.6 6.4 19 5",
  moon: "M20 14.5A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.5z",
  system: "M3 4h18v12H3zm6 16h6m-3-4v4",
  check: "M4 12.5 9.5 18 20 6.5",
  warn: "M12 3 2 20h20zm0 6v5m0 3v.01",
  undo: "M9 14 4 9l5-5M4 9h10a6 6 0 0 1 0 12h-4",
  redo: "m15 14 5-5-5-5m5 5H10a6 6 0 0 0 0 12h4",
  layout: "M4 4h5v16H4zm11 0h5v6h-5zm0 10h5v6h-5zM9 12h3V7h3m-3 5v5h3",
  more: "M5 12v.01M12 12v.01M19 12v.01",
  chevron: "m9 5 7 7-7 7",
  circle: "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16z",
  polygon: "M12 3 21 10 17.5 20h-11L3 10z",
  locate: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2v4m0 12v4M2 12h4m12 0h4",
} as const;

export type IconName = keyof typeof paths;

export function Icon({ name, size = 18 }: { name: IconName; size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.8"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      <path d={paths[name]} />
    </svg>
  );
}
