import { fireEvent, screen, waitFor } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import type { Service } from "@/api/types";
import { draftOf } from "@/topology/drafts";
import { button, designer, energy, input, json, node, nodes, press, show } from "./testing/designer";

describe("the editor", () => {
  it("draws what there is and saves a change with everything the document held", async () => {
    const user = show("#/topologies/energy");
    await screen.findByRole("heading", { name: "energy", level: 1 });
    expect(nodes().map((one) => one.getAttribute("aria-label"))).toEqual([
      "Task read, operator meter",
      "Task sum, operator adder",
      "Stream Meter, each entity",
      "Stream Reading, all together",
    ]);
    await user.clear(screen.getByLabelText("Description"));
    await user.type(screen.getByLabelText("Description"), "new words");
    await user.click(await button("Save"));
    await screen.findByText("Topology energy is saved.");
    const [service] = designer.posted[0]!.body as Service[];
    expect(service).toMatchObject({
      owner: "somebody",
      topology: { ...energy().topology, description: "new words" },
    });
    expect(service!.designboard).toHaveProperty("blocks.length", 4);
    expect(screen.queryByText("Not saved")).toBeNull();
  });

  it("builds a topology from nothing, without a mouse", async () => {
    const user = show("#/topologies/new");
    await user.click(await button("Add a task with operator meter"));
    await user.click(await button("Add a task with operator adder"));
    fireEvent.click(node("Task meter"));
    await user.click(await button("Read a new stream"));
    await user.type(await screen.findByLabelText("Entity type"), "Meter");
    fireEvent.click(node("Task meter"));
    fireEvent.keyDown(node("Task meter"), { key: "c" });
    await user.click(await button("Task adder"));
    expect(nodes()).toHaveLength(4);
    fireEvent.keyDown(document.querySelector(".react-flow__pane")!, { key: "Escape" });
    await user.click(await button("Back to the topology"));
    await user.type(screen.getByLabelText("Name"), "fresh");
    await user.click(await button("Save"));
    await screen.findByText("Topology fresh is saved.");
    expect(location.hash).toBe("#/topologies/fresh");
    const [service] = designer.posted[0]!.body as Service[];
    expect(service!.topology.tasks).toEqual([
      {
        name: "meter",
        operator: "meter",
        input_streams: [input("Meter", "EntityID")],
        output_streams: [{ entity_type: "MeterResult" }],
      },
      {
        name: "adder",
        operator: "adder",
        input_streams: [input("MeterResult", "EntityID")],
        output_streams: [{ entity_type: "AdderResult" }],
      },
    ]);
    expect((await button("Undo")).hasAttribute("disabled")).toBe(false);
  });

  it("takes keys of the board where something was just added", async () => {
    const user = show("#/topologies/new");
    const add = await button("Add a task with operator meter");
    await user.click(add);
    fireEvent.keyDown(add, { key: "c" });
    expect(await screen.findByRole("heading", { name: /^Connect Task meter to/ })).toBeTruthy();
  });

  it("takes keys where the board itself has the focus, as after a click beside the nodes", async () => {
    show("#/topologies/energy");
    await screen.findByRole("heading", { name: "energy", level: 1 });
    const before = nodes().length;
    const board = document.querySelector<HTMLElement>("[data-board]")!;
    board.focus();
    fireEvent.keyDown(board, { key: "a", ctrlKey: true });
    fireEvent.keyDown(board, { key: "d", ctrlKey: true });
    expect(nodes()).toHaveLength(2 * before);
    fireEvent.keyDown(board, { key: "Delete" });
    expect(nodes()).toHaveLength(before);
  });

  it("leads to the problems before it saves", async () => {
    const user = show("#/topologies/new");
    expect(await screen.findByText("No problems")).toBeTruthy();
    await user.click(await button("Add a task with operator adder"));
    await user.click(await button("Save"));
    expect(designer.posted).toEqual([]);
    await waitFor(() => expect(document.activeElement).toBe(screen.getByLabelText("Name")));
    await user.click(await button(/Error: .* has no input/));
    expect(node("Task adder").className).toContain("selected");
    expect(node("Task adder").getAttribute("aria-label")).toBe("Task adder, operator adder, 1 problem");
  });

  it("marks the node that the service refuses", async () => {
    designer.answer = (method, path) =>
      method === "POST" && path === "/service"
        ? json({ error: "the operator is not wanted", field: "[0].topology.tasks[1].operator" }, 400)
        : undefined;
    const user = show("#/topologies/energy");
    await user.type(await screen.findByLabelText("Description"), "!");
    await user.click(await button("Save"));
    expect((await screen.findByLabelText("Operator")).getAttribute("aria-invalid")).toBe("true");
    expect(node("Task sum").getAttribute("aria-label")).toContain("1 problem");
    expect(await button("Error: the operator is not wanted")).toBeTruthy();
  });

  it("asks before it replaces another topology", async () => {
    designer.services.other = { topology: { ...energy().topology, name: "other" } };
    const user = show("#/topologies/energy");
    const name = await screen.findByLabelText("Name");
    await user.clear(name);
    await user.type(name, "other");
    await user.click(await button("Save"));
    expect(designer.posted).toEqual([]);
    await user.click(await button("Replace"));
    await screen.findByText("Topology other is saved.");
  });

  it("says when somebody else changed the topology, and shows it", async () => {
    const user = show("#/topologies/energy");
    await screen.findByRole("heading", { name: "energy", level: 1 });
    designer.services.energy!.topology.description = "changed there";
    await designer.refresh();
    await user.click(await button("Show it as it is now"));
    expect(screen.getByLabelText("Description")).toHaveProperty("value", "changed there");
    expect(screen.queryByText("Not saved")).toBeNull();
    delete designer.services.energy;
    await designer.refresh();
    expect(screen.getByRole("heading", { name: "energy", level: 1 })).toBeTruthy();
  });

  it("says that a topology is not there", async () => {
    show("#/topologies/nothing");
    expect(await screen.findByText("There is no such topology.")).toBeTruthy();
  });

  it("undoes and redoes by keys, and copies", async () => {
    show("#/topologies/energy");
    await screen.findByRole("heading", { name: "energy", level: 1 });
    press("a", { ctrlKey: true });
    press("c", { ctrlKey: true });
    press("v", { ctrlKey: true });
    expect(nodes()).toHaveLength(8);
    press("d", { ctrlKey: true });
    expect(nodes()).toHaveLength(12);
    press("z", { ctrlKey: true });
    press("z", { metaKey: true });
    expect(nodes()).toHaveLength(4);
    press("y", { ctrlKey: true });
    press("Z", { ctrlKey: true, shiftKey: true });
    expect(nodes()).toHaveLength(12);
    press("Delete");
    expect(nodes()).toHaveLength(12);
    press("a", { ctrlKey: true });
    press("Delete");
    expect(nodes()).toHaveLength(0);
  });

  it("changes a stream: grouping, attributes, area", async () => {
    const user = show("#/topologies/energy");
    await screen.findByRole("heading", { name: "energy", level: 1 });
    fireEvent.click(node("Stream Meter"));
    await user.selectOptions(screen.getByLabelText("Task instances"), "by attribute");
    await user.type(screen.getByLabelText("Attribute to group by"), "shop");
    await user.type(screen.getByLabelText("Attributes"), "usage,power{Enter}");
    await user.click(screen.getByLabelText("Only within the intent's area"));
    expect(node("Stream Meter").getAttribute("aria-label")).toBe(
      "Stream Meter, by shop · usage, power · in scope",
    );
    await user.click(await button("Take usage away"));
    expect(node("Stream Meter").getAttribute("aria-label")).toContain("by shop · power");
  });
});

describe("what is not saved", () => {
  it("is asked about on leaving, and offered on return", async () => {
    const user = show("#/topologies/energy");
    await user.type(await screen.findByLabelText("Description"), "!");
    location.hash = "#/topologies";
    await user.click(await button("Stay"));
    expect(location.hash).toBe("#/topologies/energy");
    location.hash = "#/topologies";
    await user.click(await button("Leave and keep a draft"));
    await screen.findByRole("heading", { name: "Topologies" });
    expect(draftOf("energy")?.drawing.description).toBe("adds up meters!");
    location.hash = "#/topologies/energy";
    await user.click(await button("Go on with them"));
    expect(screen.getByLabelText("Description")).toHaveProperty("value", "adds up meters!");
  });

  it("can be thrown away", async () => {
    const user = show("#/topologies/energy");
    await user.type(await screen.findByLabelText("Description"), "!");
    location.hash = "#/topologies";
    await user.click(await button("Throw the changes away"));
    await screen.findByRole("heading", { name: "Topologies" });
    expect(draftOf("energy")).toBeUndefined();
  });
});
