// The columns that the user chose for a type, kept in this browser.

const keyOf = (type: string) => `fogflow.columns.${type}`;

export function rememberColumns(type: string, columns: string[]) {
  try {
    localStorage.setItem(keyOf(type), JSON.stringify(columns));
  } catch {
    // A browser that keeps nothing shows the first columns each time.
  }
}

/** Null when the user has not chosen. */
export function rememberedColumns(type: string): string[] | null {
  try {
    const columns: unknown = JSON.parse(localStorage.getItem(keyOf(type)) ?? "null");
    return Array.isArray(columns) ? columns.filter((name) => typeof name === "string") : null;
  } catch {
    return null;
  }
}
