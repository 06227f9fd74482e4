import { cleanup, render, screen } from "@testing-library/react";
import { afterEach, expect, it, vi } from "vitest";
import { VirtualTable } from "./virtual-table";
import { laidOut } from "./virtual-table.testkit";

afterEach(() => {
  cleanup();
  vi.restoreAllMocks();
});

it("keeps only the rows in sight in the page, and says how many there are", () => {
  laidOut();
  const items = Array.from({ length: 10_000 }, (_, index) => `item ${index}`);
  render(
    <VirtualTable
      label="Items"
      items={items}
      id={(item) => item}
      selected="item 1"
      columns={[{ name: "Name", width: "1fr", cell: (item) => item }]}
    />,
  );
  const rows = screen.getAllByRole("row");
  expect(rows.length).toBeGreaterThan(10);
  expect(rows.length).toBeLessThan(60);
  expect(screen.getByRole("table", { name: "Items" }).getAttribute("aria-rowcount")).toBe("10001");
  expect(
    screen.getByRole("cell", { name: "item 1" }).closest("[role=row]")?.getAttribute("aria-rowindex"),
  ).toBe("3");
});
