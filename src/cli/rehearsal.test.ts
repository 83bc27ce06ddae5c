/** What a run leaves behind, and what is refused before it: through the real program. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { runProgram } from "../../test/support/program.ts";
import { temporaryDirectory } from "../../test/support/temp.ts";
import { EXIT } from "../exit-codes.ts";
import { OUTCOMES } from "../sim/outcomes.ts";
import { reportSchema } from "../sim/report.ts";
import type { SeriesBucket } from "../sim/series.ts";

/** A slow machine must not fail a test that starts the program and its server. */
setDefaultTimeout(60_000);

test("a run's files tell the same story, and a missed threshold is an exit code", async () => {
  const directory = temporaryDirectory();
  try {
    const file = (name: string) => join(directory.path, name);
    const { exitCode, stdout } = await runProgram([
      ...["simulate", "--tps", "500", "--users", "600", "--stock", "400", "--plain"],
      ...["--json", file("a.json"), "--html", file("a.html")],
      ...["--series", file("a.ndjson"), "--hdr", file("a.hdr")],
      ...["--expect", "issued==400", "--expect", "max(issued) < 1us"],
    ]);
    const report = reportSchema.parse(await Bun.file(file("a.json")).json());
    expect(report.expectations.map(({ ok }) => ok)).toEqual([true, false]);
    expect(stdout).toContain("MISS max(issued)<1us");
    // A slow machine may not hold the rate.
    expect(exitCode === EXIT.expectationMissed || exitCode === EXIT.invalid).toBe(true);
    expect(report.command).toContain("--expect 'max(issued) < 1us'");

    const lines = (await Bun.file(file("a.ndjson")).text()).trimEnd().split("\n");
    const series: SeriesBucket[] = lines.map((line) => JSON.parse(line));
    expect(series.map(({ atMs }) => atMs)).toEqual(lines.map((_line, index) => index * 100));
    for (const outcome of OUTCOMES) {
      const told = series.reduce((sum, bucket) => sum + bucket.outcomes[outcome], 0);
      expect(told).toBe(report.outcomes[outcome]);
    }
    expect(report.soldOutAfterMs).toBeGreaterThan(700);

    const hdr = await Bun.file(file("a.hdr")).text();
    expect(hdr.match(/^# .*/gm)).toEqual([
      "# issued: response time in ms, from due to answered",
      "# issued: service time in ms, from sent to answered",
      "# soldOut: response time in ms, from due to answered",
      "# soldOut: service time in ms, from sent to answered",
    ]);
    expect(hdr.match(/Total count {4}= +(\d+)\]/)?.[1]).toBe("400");
    expect(await Bun.file(file("a.html")).text()).toContain(`<strong>${report.verdict}</strong>`);
  } finally {
    directory.remove();
  }
});

test("thresholds and files are looked at before the run", async () => {
  const threshold = await runProgram(["simulate", "--expect", "p99(isued)<50ms"]);
  expect(threshold.exitCode).toBe(EXIT.usage);
  expect(threshold.stderr).toContain("--expect »p99(isued)«<50ms cannot be read at column 1");
  const file = await runProgram(["simulate", "--html", "/nowhere/at/all.html"]);
  expect(file.exitCode).toBe(EXIT.usage);
  expect(file.stderr).toContain("--html /nowhere/at/all.html could not be written");
  const both = await runProgram(["simulate", "--json", "-", "--hdr", "-"]);
  expect(both.stderr).toContain("--json and --hdr cannot share stdout");
  expect(`${threshold.stdout}${file.stdout}${both.stdout}`).toBe("");
});
