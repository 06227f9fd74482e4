import { cleanup, fireEvent, screen } from "@testing-library/react";
import { useState } from "react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { GeoScope, Point } from "@/api/types";
import { designer } from "@/testing/designer";
import { show } from "@/testing/show";
import { EVERYWHERE, GeoScopeEditor, PlacePicker } from ".";

beforeEach(() => {
  designer({ "GET /info/settings": { body: {} } });
});
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

let scope: GeoScope;
function Scope({ start }: { start: GeoScope }) {
  const [value, setValue] = useState(start);
  scope = value;
  return <GeoScopeEditor value={value} onChange={setValue} />;
}

const write = (label: string, text: string) =>
  fireEvent.change(screen.getByLabelText(label), { target: { value: text } });
const press = (name: string) => fireEvent.click(screen.getByRole("button", { name }));

test("a circle can be written as numbers", () => {
  show(<Scope start={EVERYWHERE} />);
  press("Circle");
  write("Latitude of the centre", "49.41");
  write("Longitude of the centre", "8.69");
  write("Radius in metres", "0");
  expect(screen.getByRole("alert").textContent).toBe("The radius is more than 0 m.");
  write("Radius in metres", "850.5");
  expect(screen.queryByRole("alert")).toBeNull();
  const circle = { centerLatitude: 49.41, centerLongitude: 8.69, radius: 850.5 };
  expect(scope).toEqual({ scopeType: "circle", scopeValue: circle });
});

test("a number that is being written stays as it is written", () => {
  show(<Scope start={EVERYWHERE} />);
  press("Circle");
  for (const text of ["-", "-3", "-3.", "-3.0", "-3.05"]) {
    write("Latitude of the centre", text);
    expect((screen.getByLabelText("Latitude of the centre") as HTMLInputElement).value).toBe(text);
  }
  write("Latitude of the centre", "95");
  expect(screen.getByRole("alert").textContent).toContain("-90 to 90");
});

test("a polygon grows and shrinks by its corners", () => {
  show(<Scope start={EVERYWHERE} />);
  press("Polygon");
  for (const [index, [latitude, longitude]] of [
    [1, 2],
    [3, 4],
    [5, 6],
  ].entries()) {
    press("Add a corner");
    write(`Latitude ${index + 1}`, String(latitude));
    write(`Longitude ${index + 1}`, String(longitude));
  }
  press("Remove corner 2");
  expect(screen.getByText("A polygon has at least 3 corners, this one has 2.")).toBeTruthy();
  press("Add a corner");
  write("Latitude 3", "7");
  write("Longitude 3", "8");
  expect(scope.scopeType === "polygon" && scope.scopeValue.vertices).toEqual([
    { latitude: 1, longitude: 2 },
    { latitude: 5, longitude: 6 },
    { latitude: 7, longitude: 8 },
  ]);
  press("Remove the last corner");
  press("Everywhere");
  expect(scope).toEqual(EVERYWHERE);
});

test("what the service refuses is said at the field", () => {
  const circle: GeoScope = {
    scopeType: "circle",
    scopeValue: { centerLatitude: 1, centerLongitude: 2, radius: 3 },
  };
  show(
    <GeoScopeEditor
      value={circle}
      onChange={() => {}}
      problems={{ "scopeValue.radius": "must be a number of metres" }}
    />,
  );
  expect(screen.getByLabelText("Radius in metres").getAttribute("aria-invalid")).toBe("true");
});

function Around() {
  const [value, setValue] = useState(EVERYWHERE);
  const [around, setAround] = useState<Point[]>([]);
  return (
    <>
      <button type="button" onClick={() => setAround([{ latitude: 49, longitude: 8 }])}>
        Arrive
      </button>
      <GeoScopeEditor value={value} onChange={setValue} around={around} />
    </>
  );
}

test("the map opens on what is around when drawing begins, not when the form was opened", () => {
  show(<Around />);
  press("Arrive");
  press("Circle");
  expect(screen.getByRole("button", { name: "Show everything" })).toBeTruthy();
});

let place: Point | null;
function Place() {
  const [value, setValue] = useState<Point | null>(null);
  place = value;
  return <PlacePicker value={value} onChange={setValue} label="Place of the device" />;
}

test("a place is none until both of its numbers are right", () => {
  show(<Place />);
  write("Latitude", "49.41");
  expect(place).toBeNull();
  write("Longitude", "200");
  expect(place).toBeNull();
  expect(screen.getByRole("alert").textContent).toContain("-180 to 180");
  write("Longitude", "8.69");
  expect(place).toEqual({ latitude: 49.41, longitude: 8.69 });
  press("Clear");
  expect(place).toBeNull();
  expect((screen.getByLabelText("Latitude") as HTMLInputElement).value).toBe("");
});
