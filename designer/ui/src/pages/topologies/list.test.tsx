import { fireEvent, screen, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { emptyDrawing } from "@/topology/document";
import { keepDraft } from "@/topology/drafts";
import { button, designer, energy, json, nodes, show } from "./testing/designer";

describe("the list", () => {
  it("says what tasks do and which intents there are", async () => {
    show("#/topologies");
    expect((await screen.findByRole("link", { name: "energy" })).getAttribute("href")).toBe(
      "#/topologies/energy",
    );
    const row = screen.getByRole("row", { name: /energy/ });
    expect(row.textContent).toMatch(/Meter to meter to Reading/);
    expect(await within(row).findByText("1 intent")).toBeTruthy();
  });

  it("leads on when it is empty", async () => {
    designer.services = {};
    show("#/topologies");
    expect((await screen.findByRole("link", { name: "Draw the first one" })).getAttribute("href")).toBe(
      "#/topologies/new",
    );
  });

  it("can be searched when it is long", async () => {
    for (let number = 0; number < 2000; number++) {
      const { topology } = energy();
      designer.services[`t${number}`] = { topology: { ...topology, name: `t${number}`, description: "" } };
    }
    const user = show("#/topologies");
    await user.type(await screen.findByLabelText("Find"), "T1999");
    expect(screen.getByText("1 of 2,001 topologies")).toBeTruthy();
    expect(screen.getByRole("link", { name: "t1999" })).toBeTruthy();
  });

  it("offers a new topology that was not saved", async () => {
    keepDraft("", emptyDrawing(), 1);
    show("#/topologies");
    expect((await screen.findByText("Go on with it")).getAttribute("href")).toBe("#/topologies/new");
  });

  it("shows why a topology in use is not deleted", async () => {
    const text = "service `energy` is wanted by intent `ServiceIntent.1`: delete that first";
    designer.answer = (method) => (method === "DELETE" ? json({ error: text }, 409) : undefined);
    const user = show("#/topologies");
    await user.click(await button("Delete energy"));
    await user.click(await button("Delete"));
    expect(await screen.findByText(text)).toBeTruthy();
    expect(designer.services).toHaveProperty("energy");
  });

  it("imports into a new topology, and names what is wrong with a file", async () => {
    const user = show("#/topologies");
    await user.click(await button("Import"));
    const field = screen.getByLabelText("Or its text");
    const dialog = screen.getByRole("dialog", { hidden: true });
    const take = () => user.click(within(dialog).getByText("Import"));
    fireEvent.change(field, { target: { value: '{"tasks":7}' } });
    await take();
    expect(screen.getByText("tasks must be a list.")).toBeTruthy();
    const { topology } = energy();
    fireEvent.change(field, { target: { value: JSON.stringify({ ...topology, name: "copy" }) } });
    await take();
    expect(location.hash).toBe("#/topologies/new");
    expect(await screen.findByRole("heading", { name: "copy", level: 1 })).toBeTruthy();
    expect(nodes()).toHaveLength(4);
    expect(screen.getByText("Not saved")).toBeTruthy();
  });
});
