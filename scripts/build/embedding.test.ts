import { expect, test } from "bun:test";
import { relative } from "node:path";
import { findWorkers, workersOf } from "./embedding.ts";

test("every thread of the source becomes an entry point, without a list to forget it in", () => {
  const found = findWorkers().map((file) => relative(`${import.meta.dir}/../..`, file));
  expect(found).toContain("src/server/ledger/commit-worker.ts");
  expect(found).toContain("src/sim/worker.ts");
});

test.each([
  'new Worker("./thread.ts")',
  'new Worker(new URL("./thread.ts", import.meta.url), { name: "x" })',
  "new Worker(path)",
])("a thread that the build would not find is refused: %s", (code) => {
  const file = `${import.meta.dir}/main.ts`;
  expect(() => workersOf(file, `const thread = ${code};`)).toThrow("scripts/build/main.ts starts");
});
