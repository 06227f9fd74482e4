const KEPT_MS = 10_000;

/** Offers a text as a file to keep. */
export function saveAs(name: string, text: string, type = "application/json") {
  const address = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), KEPT_MS);
}
