// Light, dark, or as the system says.
import { create } from "zustand";

export type Theme = "system" | "light" | "dark";
const KEY = "fogflow.theme";

function remembered(): Theme {
  const theme = localStorage.getItem(KEY);
  return theme === "light" || theme === "dark" ? theme : "system";
}

const systemDark = matchMedia("(prefers-color-scheme: dark)");
const isDark = (theme: Theme) => theme === "dark" || (theme === "system" && systemDark.matches);

export const useTheme = create<{ theme: Theme; dark: boolean }>(() => {
  const theme = remembered();
  return { theme, dark: isDark(theme) };
});

export function setTheme(theme: Theme) {
  if (theme === "system") localStorage.removeItem(KEY);
  else localStorage.setItem(KEY, theme);
  useTheme.setState({ theme, dark: isDark(theme) });
}

const show = ({ dark }: { dark: boolean }) => {
  document.documentElement.dataset.theme = dark ? "dark" : "light";
};
useTheme.subscribe(show);
show(useTheme.getState());
systemDark.addEventListener("change", () => useTheme.setState(({ theme }) => ({ dark: isDark(theme) })));
