import { expect, test } from "bun:test";
import { rushResult } from "../../test/support/rush.ts";
import { CliError, EXIT } from "../exit-codes.ts";
import { compareReports, comparisonLines, readReport } from "./compare.ts";
import type { Report } from "./report.ts";

const { report: before } = rushResult();
const after: Report = {
  ...before,
  verdict: "INVALID",
  config: { ...before.config, connections: 128, url: "http://127.0.0.1:9", eventId: "other" },
  achievedRate: 5_000,
  latencyMs: { issued: { p50: 10, p90: 20, p99: 30, p999: 40, max: 50 } },
  outcomes: { ...before.outcomes, soldOut: 0, error: 7 },
};

test("figures with their ratios; what is missing on one side has none", () => {
  const { figures, differences, verdicts } = compareReports(before, after);
  expect(verdicts).toEqual({ a: "PASS", b: "INVALID" });
  expect(differences).toEqual([{ name: "connections", a: "64", b: "128" }]);
  const figure = (name: string) => figures.find((each) => each.name === name);
  expect(figure("achieved")).toEqual({
    name: "achieved",
    unit: "/s",
    a: 10_000,
    b: 5_000,
    ratio: 0.5,
  });
  expect(figure("issued max")?.ratio).toBeCloseTo(50 / 7, 1);
  expect(figure("sold out")).toMatchObject({ a: 8_000, b: null, ratio: null });
  expect(figure("errors")).toMatchObject({ a: null, b: 7, ratio: null });
  expect(figure("not open")).toBeUndefined();
});

test("as text", () => {
  const text = comparisonLines(compareReports(before, after), "a.json", "b.json").join("\n");
  expect(text).toMatch(/^ +a\.json +b\.json +ratio$/m);
  expect(text).toMatch(/^verdict +PASS +INVALID *$/m);
  expect(text).toMatch(/^achieved +10,000\/s +5,000\/s +× 0\.50$/m);
  expect(text).toMatch(/^sold out +8,000 +– +–$/m);
  expect(text).toEndWith("What was not the same:\n  connections: 64 → 128");
  const same = comparisonLines(compareReports(before, before), "a", "b");
  expect(same.at(-1)).toBe("Both were made in the same way.");
});

test("reads what --json writes, and refuses everything else", () => {
  expect(readReport(JSON.stringify(before), "a.json")).toEqual(before);
  const refusal = (text: string) => {
    try {
      readReport(text, "a.json");
    } catch (error) {
      if (error instanceof CliError && error.exitCode === EXIT.usage) return error.message;
    }
    return "not refused";
  };
  expect(refusal("{")).toBe("a.json is no report: name a file that simulate --json wrote");
  expect(refusal("[]")).toContain("a.json is no report");
  expect(refusal('{"version":1,"verdict":"PASS"}')).toContain(
    "a.json is a report of version 1, and this couponlive compares version 3",
  );
  expect(refusal(JSON.stringify({ ...before, ledger: {} }))).toContain(
    "a damaged report (at ledger.",
  );
});
