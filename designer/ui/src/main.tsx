import { createRoot } from "react-dom/client";
import "./styles/tokens.css";
import "./styles/base.css";
import "./app/theme";
import { App } from "./app/App";

const root = document.getElementById("root");
if (root) createRoot(root).render(<App />);

// Only there over https and on this machine itself: elsewhere browsers offer none, and a reload needs the designer.
if (import.meta.env.PROD) void navigator.serviceWorker?.register("/sw.js");
