import { act, cleanup, fireEvent, render, screen, waitFor } from "@testing-library/react";
import { afterEach, beforeEach, expect, test } from "vitest";
import { replace, usePlace } from "@/app/router";
import { useUnsaved } from "./unsaved";

beforeEach(() => {
  HTMLDialogElement.prototype.showModal ??= function (this: HTMLDialogElement) {
    this.open = true;
  };
  location.hash = "#/operators/a?edit=1";
});
afterEach(cleanup);

function Form({ dirty }: { dirty: boolean }) {
  const unsaved = useUnsaved(dirty);
  const { page, rest } = usePlace();
  return (
    <>
      <h1>{[page, ...rest].join("/")}</h1>
      <a href="#/map">Map</a>
      <button type="button" onClick={() => unsaved.leave("#/operators")}>
        Save
      </button>
      {unsaved.dialog}
    </>
  );
}

const shown = () => screen.getByRole("heading", { level: 1 }).textContent;
const question = () => screen.queryByText("Leave without saving?");

test("a link is followed at once when nothing is unsaved", () => {
  render(<Form dirty={false} />);
  expect(fireEvent.click(screen.getByText("Map"))).toBe(true);
  expect(question()).toBeNull();
});

test("a link asks first, and leads on when told to leave", () => {
  render(<Form dirty />);
  expect(fireEvent.click(screen.getByText("Map"))).toBe(false);
  expect(question()).not.toBeNull();
  fireEvent.click(screen.getByText("Stay"));
  expect(question()).toBeNull();
  fireEvent.click(screen.getByText("Map"));
  fireEvent.click(screen.getByText("Leave"));
  expect(location.hash).toBe("#/map");
});

test("going back asks, and the address and what is shown stay", async () => {
  render(<Form dirty />);
  location.hash = "#/operators";
  await screen.findByText("Leave without saving?");
  expect(location.hash).toBe("#/operators/a?edit=1");
  expect(shown()).toBe("operators/a");
  fireEvent.click(screen.getByText("Leave"));
  await waitFor(() => expect(shown()).toBe("operators"));
});

test("a page may change its own address meanwhile", () => {
  render(<Form dirty />);
  act(() => replace("operators", ["b"]));
  expect(shown()).toBe("operators/b");
  expect(question()).toBeNull();
});

test("after saving nothing is asked", () => {
  render(<Form dirty />);
  fireEvent.click(screen.getByText("Save"));
  expect(location.hash).toBe("#/operators");
  expect(question()).toBeNull();
});

test("closing the tab asks while something is unsaved", () => {
  const { rerender } = render(<Form dirty />);
  expect(dispatchEvent(new Event("beforeunload", { cancelable: true }))).toBe(false);
  rerender(<Form dirty={false} />);
  expect(dispatchEvent(new Event("beforeunload", { cancelable: true }))).toBe(true);
});
