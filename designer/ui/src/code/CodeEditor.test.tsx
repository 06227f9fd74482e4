import { cleanup, render, screen, waitFor } from "@testing-library/react";
import { afterEach, expect, test, vi } from "vitest";
import { CodeEditor } from "./CodeEditor";

afterEach(cleanup);

async function content() {
  const group = screen.getByRole("group");
  return waitFor(() => {
    const hosts = [...group.querySelectorAll("div")].map((element) => element.shadowRoot);
    const found = hosts.find(Boolean)?.querySelector<HTMLElement>(".cm-content");
    if (!found) throw new Error("the editor is not there yet");
    return found;
  });
}

test("the code is in a shadow root, labelled, and nothing is styled from the document", async () => {
  render(
    <CodeEditor
      label="Function code"
      language="javascript"
      value={"let a = 1;\nlet b;"}
      onChange={vi.fn()}
    />,
  );
  const editor = await content();
  expect(editor.getAttribute("aria-label")).toBe("Function code");
  expect(editor.getAttribute("contenteditable")).toBe("true");
  expect(editor.textContent).toContain("let a = 1;");
  expect(document.head.querySelector("style")).toBeNull();
});

test("without onChange it cannot be written to", async () => {
  render(<CodeEditor label="Code" language="json" value="{}" />);
  expect((await content()).getAttribute("contenteditable")).toBe("false");
});

test("a new value replaces the text, and marks appear at their lines", async () => {
  const { rerender } = render(<CodeEditor label="Code" language="javascript" value="a" onChange={vi.fn()} />);
  const editor = await content();
  const marks = [{ line: 2, message: "b is not defined" }];
  rerender(
    <CodeEditor label="Code" language="javascript" value={"a;\nb;"} marks={marks} onChange={vi.fn()} />,
  );
  await waitFor(() => expect(editor.querySelector(".cm-lintRange-error")?.textContent).toBe("b;"));
});

test("the tokens of both languages have colours that the editor knows", async () => {
  const warn = vi.spyOn(console, "warn");
  render(<CodeEditor label="Code" language="javascript" value={"const a = { b: 1 }; a.b = 'x'; // c"} />);
  const javascript = await content();
  await waitFor(() => expect(javascript.querySelectorAll("span[class]").length).toBeGreaterThan(5));
  cleanup();
  render(<CodeEditor label="Code" language="json" value={'{"a": [1, true, "x", null]}'} />);
  const json = await content();
  await waitFor(() => expect(json.querySelectorAll("span[class]").length).toBeGreaterThan(3));
  expect(warn).not.toHaveBeenCalled();
});
