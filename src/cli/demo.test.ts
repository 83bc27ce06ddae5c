/** The whole demo, small, as the real program. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync } from "node:fs";
import { runProgram } from "../../test/support/program.ts";
import { temporaryDirectory } from "../../test/support/temp.ts";
import { EXIT } from "../exit-codes.ts";
import { reportSchema } from "../sim/report.ts";

setDefaultTimeout(60_000);

test("every member claims once, all is right, and nothing is left", async () => {
  using directory = temporaryDirectory();
  const crowd = ["--users", "3000", "--stock", "2000", "--tps", "2000"];
  const demo = await runProgram(["demo", ...crowd, "--json", "-"], {
    env: { TMPDIR: directory.path },
  });
  expect(demo.stderr).toContain("making 3,000 members");
  const report = reportSchema.parse(JSON.parse(demo.stdout));
  expect(report.outcomes).toMatchObject({ issued: 2_000, soldOut: 1_000, alreadyIssued: 0 });
  expect(report.verification.checks.filter((check) => !check.ok)).toEqual([]);
  // A slow machine may not hold the rate.
  expect(demo.exitCode).toBe(report.verdict === "PASS" ? EXIT.ok : EXIT.invalid);
  expect(readdirSync(directory.path).filter((name) => name.startsWith("couponlive-"))).toEqual([]);
});
