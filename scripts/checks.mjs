/** Every check of the project: types, lint, tests; and the closing line that counts the tests. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runChild } from "./child.mjs";
import { ROOT, say } from "./setup.mjs";

/** The suite starts real servers; a single slow machine must not fail it. */
const TEST_LIMIT_MS = 30_000;

/**
 * Runs every check, also after one has failed, and writes `N passed, N failed[, N skipped]` as
 * the last line. A failed check that is not a test (types, lint, a test file that does not load)
 * counts as one failure.
 *
 * @param bun path of the Bun that runs them
 * @param testArguments handed on to `bun test`, for example a file name
 * @returns the exit code: 0 when all passed and there was at least one test; or the name of the signal that broke it off
 */
export async function runChecks(bun, testArguments) {
  const directory = mkdtempSync(join(tmpdir(), "couponlive-checks-"));
  const report = join(directory, "junit.xml");
  const reporter = ["--reporter=junit", `--reporter-outfile=${report}`];
  const checks = [
    ["types", ["node_modules/typescript/bin/tsc", "--noEmit"]],
    ["lint", ["node_modules/@biomejs/biome/bin/biome", "check", "--error-on-warnings", "."]],
    // The tests wait for servers and clocks most of the time: as many files at once as there are cores.
    ["tests", ["test", "--parallel", `--timeout=${TEST_LIMIT_MS}`, ...reporter, ...testArguments]],
  ];
  try {
    const failedChecks = [];
    for (const [name, args] of checks) {
      say(`checking ${name}`);
      const { outcome, interruptedBy } = await runChild(bun, args, { cwd: ROOT });
      if (interruptedBy !== undefined) return interruptedBy;
      if (outcome !== 0) failedChecks.push(name);
    }
    const counts = countTests(report);
    if (counts.passed === 0) say("no test passed");
    if (failedChecks.length > 0) say(`failed: ${failedChecks.join(", ")}`);
    const otherFailures = failedChecks.filter((name) => name !== "tests" || counts.failed === 0);
    const failed = counts.failed + otherFailures.length;
    const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : "";
    process.stdout.write(`${counts.passed} passed, ${failed} failed${skipped}\n`);
    return failed > 0 || counts.passed === 0 ? 1 : 0;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** The totals at the head of Bun's JUnit report; zeros when there is no report. */
export function countTests(report) {
  let head = "";
  try {
    head = /<testsuites [^>]*>/.exec(readFileSync(report, "utf8"))?.[0] ?? "";
  } catch {
    // bun test ended before it could write one.
  }
  const total = (name) => Number(new RegExp(` ${name}="(\\d+)"`).exec(head)?.[1] ?? 0);
  const [failed, skipped] = [total("failures"), total("skipped")];
  return { passed: total("tests") - failed - skipped, failed, skipped };
}
