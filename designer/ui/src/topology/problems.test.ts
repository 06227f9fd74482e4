import { describe, expect, it } from "vitest";
import { type Drawing, isTask } from "./document";
import { problemAt } from "./fields";
import { drawingOf } from "./fromTopology";
import { type Problem, problemsOf } from "./problems";

const operators = new Set(["op"]);
const task = (name: string, from: string[], to: string[], operator = "op") => ({
  name,
  operator,
  input_streams: from.map((selected_type) => ({ selected_type, groupby: "ALL" })),
  output_streams: to.map((entity_type) => ({ entity_type })),
});
const drawn = (...tasks: ReturnType<typeof task>[]) => drawingOf({ name: "t", tasks });
const errors = (drawing: Drawing, known: Set<string> | undefined = operators) =>
  problemsOf(drawing, { operators: known }).filter((problem) => problem.severity === "error");
const nameOf = (drawing: Drawing, { node }: Problem) =>
  drawing.nodes.filter(isTask).find((other) => other.id === node)?.name;

describe("problems", () => {
  it("there are none in a topology that works", () => {
    expect(errors(drawn(task("a", ["X"], ["Y"]), task("b", ["Y"], ["Z"])))).toEqual([]);
    expect(errors(drawn(task("b", ["Y", "Panel"], ["X"]), task("a", ["X"], ["Y"])))).toEqual([]);
  });

  it.each([
    [[task("", ["X"], ["Y"])], "name", "The name of the task must not be empty."],
    [[task("a/b", ["X"], ["Y"])], "name", 'must not contain "/"'],
    [[task("a", ["X"], ["Y"]), task("a", ["X"], ["Z"])], "name", "There are two tasks named `a`."],
    [[task("a", ["X"], ["Y"], "none")], "operator", "There is no operator `none`."],
    [[task("a", ["X"], ["Y"], "")], "operator", "has no operator"],
    [[task("a", [], ["Y"])], "input", "has no input"],
    [[task("a", ["X"], [""])], "output.0", "The entity type of the output of `a` must not be empty."],
    [[task("a", [""], ["Y"])], "type", "A stream has no entity type."],
    [
      [task("a", ["X"], ["X"])],
      "input",
      "never gets data: `X` comes only from tasks that wait for one another",
    ],
  ])("%#", (tasks, field, text) => {
    const [problem, ...more] = errors(drawn(...tasks));
    expect(more).toEqual([]);
    expect(problem).toMatchObject({ field });
    expect(problem?.text).toContain(text);
    expect(problem?.node).toBeDefined();
  });

  it("a type that ends with a space is pointed at: no entity would be found by it", () => {
    const [problem] = problemsOf(drawn(task("a", ["X "], ["Y"])), { operators });
    expect(problem).toMatchObject({ severity: "warning", field: "type" });
  });

  it("every task of a cycle without data is marked, the others are not", () => {
    const drawing = drawn(task("in", ["Panel"], ["A"]), task("a", ["X"], ["Y"]), task("b", ["Y"], ["X"]));
    expect(errors(drawing).map((problem) => nameOf(drawing, problem))).toEqual(["a", "b"]);
  });

  it("an operator is not unknown while operators are being fetched", () => {
    expect(problemsOf(drawn(task("a", ["X"], ["Y"], "none")), { operators: undefined })).toEqual([]);
  });

  it("a topology without tasks or name is refused, a dangling stream is only pointed at", () => {
    expect(errors({ ...drawn(), name: "" }).map((problem) => problem.text)).toEqual([
      "The name of the topology must not be empty.",
      "A topology needs at least one task.",
    ]);
    const dangling = { ...drawn(task("a", ["X"], ["Y"])), edges: [] };
    const warnings = problemsOf(dangling, { operators }).filter((problem) => problem.severity === "warning");
    expect(warnings.map((problem) => problem.text)).toEqual(["No task reads the stream of `X`."]);
  });
});

describe("a field of the service", () => {
  const drawing = drawn(task("a", ["X", "W"], ["Y"]), task("b", ["Y"], ["Z", "Q"]));
  const found = (path: string) => {
    const { node, field } = problemAt(drawing, "no", path);
    const at = drawing.nodes.find((other) => other.id === node);
    return [at && (isTask(at) ? at.name : `stream ${at.type}`), field];
  };

  it.each([
    ["[0].topology.tasks[0].operator", "a", "operator"],
    ["topology.tasks[1].name", "b", "name"],
    ["tasks[1].output_streams[1].entity_type", "b", "output.1"],
    ["[0].topology.tasks[0].input_streams", "a", "input"],
    ["[0].topology.tasks[0].input_streams[1].selected_type", "stream W", "type"],
    ["[0].topology.tasks[1].input_streams[0].groupby", "stream Y", "groupby"],
    ["[0].topology.name", undefined, "name"],
    ["[0].topology.tasks", undefined, undefined],
    ["[0].topology.tasks[9].name", undefined, undefined],
    ["", undefined, undefined],
  ])("%s", (path, node, field) => {
    expect(found(path)).toEqual([node, field]);
  });
});
