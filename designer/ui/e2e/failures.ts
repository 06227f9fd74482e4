// Says last, and in few lines, which tests failed, why, and what their page showed: of a long log often only the end is kept.
import { relative } from "node:path";
import { stripVTControlCharacters } from "node:util";
import type { Reporter, SerializedError, TestCase, TestModule } from "vitest/node";

declare module "vitest" {
  interface TaskMeta {
    /** What the page showed when the test failed. */
    shown?: string;
  }
}

const MAX_TESTS = 6;
const MAX_CHARS = 600;

const brief = (text: string) =>
  stripVTControlCharacters(text).replace(/\s+/g, " ").trim().slice(0, MAX_CHARS);

function reason(error: SerializedError | undefined): string {
  const at = error?.stacks?.at(-1);
  const where = at ? `${relative(process.cwd(), at.file)}:${at.line}: ` : "";
  return `  ${where}${brief(error?.message ?? "failed")}`;
}

function linesOf(test: TestCase): string[] {
  const { shown } = test.meta();
  const said = [
    `FAILED ${test.module.relativeModuleId} > ${test.fullName}`,
    reason(test.result().errors?.[0]),
  ];
  return shown ? [...said, `  page ${brief(shown)}`] : said;
}

/** What went wrong outside of its tests, such as when the system was started. */
const around = (module: TestModule) =>
  [module, ...module.children.allSuites()]
    .flatMap((suite) => suite.errors())
    .map((error) => [`FAILED ${module.relativeModuleId}`, reason(error)]);

export class Failures implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]) {
    const failed = modules.flatMap((module) => [
      ...around(module),
      ...[...module.children.allTests("failed")].map(linesOf),
    ]);
    const rest = failed.length - MAX_TESTS;
    for (const line of failed.slice(0, MAX_TESTS).flat()) console.error(line);
    if (rest > 0) console.error(`and ${rest} more`);
  }
}
