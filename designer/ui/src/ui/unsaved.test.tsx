import { cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, test } from "vitest";
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
  return (
    <>
      <a href="#/map">Map</a>
      <button type="button" onClick={() => unsaved.leave("#/operators")}>
        Save
      </button>
      {unsaved.dialog}
    </>
  );
}

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

test("going back asks, and the address stays", async () => {
  render(<Form dirty />);
  location.hash = "#/operators";
  await screen.findByText("Leave without saving?");
  expect(location.hash).toBe("#/operators/a?edit=1");
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
