import { expect, test } from "bun:test";
import { EXIT } from "../exit-codes.ts";
import type { Check } from "../server/ledger/findings.ts";
import { parseExpectation } from "./expectations.ts";
import type { LoadResult } from "./fleet.ts";
import type { Outcome } from "./outcomes.ts";
import {
  type Report,
  type ReportConfig,
  type RunFacts,
  reportSchema,
  summarize,
} from "./report.ts";
import { reportLines } from "./report-text.ts";
import { exitCodeOf } from "./report-verdict.ts";
import { Tally } from "./tally.ts";
import { ToldTable } from "./told.ts";

const config: ReportConfig = {
  eventId: "rush",
  eventName: "Spring rush",
  url: "http://127.0.0.1:8080",
  engine: "embedded",
  shape: { kind: "constant", ratePerSecond: 1_000 },
  scenario: "rush",
  durationMs: 1_000,
  graceMs: 5_000,
  users: 1_000,
  stock: 600,
  issuedBefore: 0,
  workers: 1,
  http: "1.1",
  streams: 1,
  connections: 8,
  seed: 1,
  startedAt: "2026-01-02T03:04:05.678Z",
};
const good: Check = {
  id: "stock",
  invariant: 1,
  ok: true,
  summary: "600 issued, stock 600",
  counterExamples: [],
};
const bad: Check = {
  id: "told-once",
  invariant: 2,
  ok: false,
  summary: "violated 1 times",
  counterExamples: ["member x"],
};

const DIED = { isDrained: true, trouble: "the server died" };

/** A run of 1,000 scheduled requests of which this many were sent, and answered like so. */
function facts(sent: number, change: Partial<RunFacts> = {}, answered = sent): RunFacts {
  const tally = new Tally();
  for (let index = 0; index < sent; index++) tally.countSent(index * 1_000, index * 1_000 - 500);
  for (let index = 0; index < answered; index++) {
    const latencyUs = 1_000 + index;
    tally.countOutcome(index < 600 ? "issued" : "soldOut", { latencyUs, serviceUs: latencyUs });
  }
  const ledger = { scheduled: 1_000, sent, shed: 0, unsent: 1_000 - sent };
  const load: LoadResult = {
    ledger,
    tally,
    told: new ToldTable(1),
    credentials: new Uint8Array(1),
    series: [],
    startedAtMs: 0,
    stopped: false,
  };
  return {
    command: "couponlive simulate",
    machine: { cpu: "a CPU", cores: 2, memoryBytes: 1e9, kernel: "Linux 6", bun: "1.4.5" },
    config,
    load,
    expectations: [],
    checks: [good],
    generatorCpuUs: 9_000,
    serverCpuUs: 20_000,
    ending: { isDrained: true, trouble: undefined },
    ...change,
  };
}

/** As a reader of the file gets it. */
function throughJson(report: Report): Report {
  return reportSchema.parse(JSON.parse(JSON.stringify(report)));
}

test("a good run, in figures", () => {
  const report = throughJson(summarize(facts(1_000)));
  expect(report).toMatchObject({
    offeredRate: 1_000,
    achievedRate: 1_000,
    ledger: { scheduled: 1_000, sent: 1_000, shed: 0, unsent: 0 },
    sendLagMs: { p50: 0.5, p99: 0.5, max: 0.5 },
    cpuUsPerRequest: { generator: 9, server: 20 },
    verification: { ok: true },
    valid: true,
    verdict: "PASS",
  });
  expect(report.outcomes).toEqual({
    issued: 600,
    alreadyIssued: 0,
    soldOut: 400,
    notOpen: 0,
    windowExhausted: 0,
    paused: 0,
    ended: 0,
    overloaded: 0,
    unauthorized: 0,
    otherRefusals: 0,
    error: 0,
    unknown: 0,
  });
  expect(Object.keys(report.latencyMs)).toEqual(["issued", "soldOut"]);
  expect(report.latencyMs.issued?.p50).toBeCloseTo(1.299, 2);
  expect(exitCodeOf(report.verdict)).toBe(EXIT.ok);
});

test("a report with another field, or without one, does not fit the schema", () => {
  const report = summarize(facts(1_000));
  expect(reportSchema.safeParse({ ...report, more: 1 }).success).toBe(false);
  expect(reportSchema.safeParse({ ...report, valid: undefined }).success).toBe(false);
  const { issued: _, ...outcomes } = report.outcomes;
  expect(reportSchema.safeParse({ ...report, outcomes }).success).toBe(false);
});

test("less than 99 % of the offered rate is invalid", () => {
  expect(summarize(facts(991)).verdict).toBe("PASS");
  const report = summarize(facts(989));
  expect(report).toMatchObject({ valid: false, verdict: "INVALID", achievedRate: 989 });
  expect(report.why).toContain("98.9 %");
  expect(exitCodeOf(report.verdict)).toBe(EXIT.invalid);
});

test("all sent, but late, is invalid too", () => {
  const late = facts(1_000);
  late.load.tally.countSent(0, 0);
  late.load.tally.lastSentUs = 1_020_000;
  expect(summarize(late).verdict).toBe("INVALID");
});

test("what kept the rate from being achieved is named", () => {
  const late = (generatorLagUs: number) => {
    const run = facts(1_000);
    run.load.tally.countSent(1_400_000, 0);
    run.load.tally.countDue(generatorLagUs);
    return summarize(run);
  };
  // A server that stalls at the end makes few claims wait, but these long.
  expect(late(60_000).why).toContain("all connections were busy");
  expect(late(1_400_000).why).toContain("the generator did not get the CPU");
});

test("a generator that comes to its requests late is invalid, and the bound is named", () => {
  const late = facts(1_000);
  for (let index = 0; index < 1_000; index++) {
    late.load.tally.countDue(index < 985 ? 100 : 25_000);
  }
  const report = summarize(late);
  expect(report).toMatchObject({ valid: false, verdict: "INVALID" });
  expect(report.why).toBe(
    "the generator came to its requests 25 ms late at p99 (bound: 20 ms); it did not get the CPU it needs",
  );
});

test("a missed expectation is told, and yields to all other verdicts", () => {
  const expectations = ["issued==600", "p99(soldOut)<1ms", "p50(notOpen)<1s"].map(parseExpectation);
  const report = throughJson(summarize(facts(1_000, { expectations })));
  expect(report.verdict).toBe("MISSED");
  expect(exitCodeOf(report.verdict)).toBe(EXIT.expectationMissed);
  expect(report.why).toBe("expected p99(soldOut)<1ms, p50(notOpen)<1s");
  expect(report.expectations.map(({ ok }) => ok)).toEqual([true, false, false]);
  const text = reportLines(report).join("\n");
  expect(text).toContain("ok   issued==600 (was 600)\nMISS p99(soldOut)<1ms (was 2.00 ms)");
  expect(text).toContain("MISS p50(notOpen)<1s (there was none)");
  expect(summarize(facts(500, { expectations })).verdict).toBe("INVALID");
  expect(summarize(facts(1_000, { expectations, ending: DIED })).verdict).toBe("BROKEN");
  expect(summarize(facts(1_000, { expectations, checks: [bad] })).verdict).toBe("INCORRECT");
  expect(summarize(facts(1_000, { expectations: expectations.slice(0, 1) })).verdict).toBe("PASS");
});

test("a run that was stopped is invalid", () => {
  const { load } = facts(1_000);
  expect(summarize(facts(1_000, { load: { ...load, stopped: true } })).verdict).toBe("INVALID");
});

test("a wrong giveaway outranks an invalid run", () => {
  const report = summarize(facts(500, { checks: [good, bad] }));
  expect(report).toMatchObject({ valid: false, verdict: "INCORRECT", verification: { ok: false } });
  expect(report.why).toContain("told-once");
  expect(exitCodeOf(report.verdict)).toBe(EXIT.incorrect);
});

test("a ledger that does not balance breaks the run", () => {
  expect(summarize(facts(1_000, {}, 999))).toMatchObject({ verdict: "BROKEN" });
  const { load } = facts(1_000);
  const ledger = { ...load.ledger, unsent: 1 };
  const report = summarize(facts(1_000, { load: { ...load, ledger } }));
  expect(report.verdict).toBe("BROKEN");
  expect(exitCodeOf(report.verdict)).toBe(EXIT.failed);
});

test("a server that died breaks the run", () => {
  expect(summarize(facts(1_000, { ending: DIED })).verdict).toBe("BROKEN");
});

test("a ledger that has not drained breaks the run, unless something else is wrong too", () => {
  const failed = (...ids: string[]) => ids.map((id): Check => ({ ...bad, id }));
  const ending = { isDrained: false, trouble: "the server does not answer any more" };
  const judged = (...ids: string[]) =>
    summarize(facts(1_000, { ending, checks: [good, ...failed(...ids)] }));
  for (const waiting of [[], ["outbox-empty"], ["drained", "redis-in-ledger"]]) {
    const report = judged(...waiting);
    expect(report).toMatchObject({ verdict: "BROKEN", why: ending.trouble });
  }
  for (const wrong of ["told-kept", "told-unique", "redis-in-ledger", "stock"]) {
    const report = judged("outbox-empty", wrong);
    expect(report).toMatchObject({ verdict: "INCORRECT", why: `violated: ${wrong}` });
  }
  const drained = { ...ending, isDrained: true };
  expect(summarize(facts(1_000, { ending: drained })).verdict).toBe("BROKEN");
  const waiting = { ending: drained, checks: failed("outbox-empty") };
  expect(summarize(facts(1_000, waiting)).verdict).toBe("INCORRECT");
});

/** A run of 1,000 requests that were all answered like one of these, in turn. */
function allAnswered(...answers: (readonly [outcome: Outcome, reason?: string])[]): RunFacts {
  const { load } = facts(0);
  const tally = new Tally();
  for (let index = 0; index < 1_000; index++) {
    const [outcome, reason] = answers[index % answers.length] ?? ["error"];
    tally.countSent(index, index);
    tally.countOutcome(outcome, { latencyUs: 1, serviceUs: 1 }, reason);
  }
  const ledger = { scheduled: 1_000, sent: 1_000, shed: 0, unsent: 0 };
  return facts(0, { load: { ...load, ledger, tally } });
}

test.each<[why: string, ...Parameters<typeof allAnswered>]>([
  ["the server refused the tokens (401)", ["unauthorized"]],
  ["the server was overloaded (503)", ["overloaded"], ["overloaded"], ["unauthorized"]],
  [
    "no answer in time",
    ["unauthorized"],
    ["unknown", "no answer in time"],
    ["unknown", "no answer in time"],
  ],
])("a run in which nothing was decided is not a pass: %s", (why, ...answers) => {
  expect(summarize(allAnswered(...answers))).toMatchObject({
    verdict: "BROKEN",
    why: `not one claim was decided: ${why}`,
  });
});

test.each<[why: string, ...Parameters<typeof allAnswered>]>([
  ["the event was not open", ["notOpen"], ["notOpen"], ["unauthorized"]],
  ["the event was paused", ["paused"]],
  ["403 inactive", ["otherRefusals", "403 inactive"]],
])("a pass without a coupon says so: %s", (why, ...answers) => {
  expect(summarize(allAnswered(...answers))).toMatchObject({
    verdict: "PASS",
    why: `nothing was given away, and rightly: ${why}; the rate was held`,
  });
  const some = summarize(allAnswered(["soldOut"], ...answers));
  expect(some.why).toBe("the giveaway was right and the rate was held");
});

test("members with a good token who were refused break the run; intruders do not", () => {
  const { load } = facts(1_000);
  const told = new ToldTable(4);
  for (const row of [1, 2, 3]) told.record(row, { outcome: "unauthorized" }, 0, 0);
  const judged = (...credentials: number[]) =>
    summarize(facts(1_000, { load: { ...load, told, credentials: Uint8Array.from(credentials) } }));
  expect(judged(0, 1, 2, 3).verdict).toBe("PASS");
  expect(judged(0, 0, 2, 0)).toMatchObject({
    verdict: "BROKEN",
    why: "2 members showed a good token and were refused (401)",
  });
});

test("the text shows outcomes, latencies, each check and the verdict", () => {
  const text = reportLines(summarize(facts(1_000, { checks: [good, bad] }))).join("\n");
  expect(text).toContain("1,000 claims for 600 coupons: 600 issued, 400 told sold out");
  expect(text).toMatch(/^issued +600 +1\.30 /m);
  expect(text).toMatch(/^sold out +400 /m);
  expect(text).not.toMatch(/^not open/m);
  expect(text).toMatch(/^HTTP\/1\.1, \d+ connections, 0 lost; seed \d+$/m);
  expect(text).toContain("ok   stock: 600 issued, stock 600");
  expect(text).toContain("FAIL told-once: violated 1 times\n       member x");
  expect(text.endsWith("INCORRECT: violated: told-once")).toBe(true);
  expect(text).not.toContain("\u001b");
});

test("docs/report.md has every field of the report, in its order", async () => {
  const page = await Bun.file(new URL("../../docs/report.md", import.meta.url)).text();
  const [section = ""] = page.split("## `--series`");
  const documented = [...section.matchAll(/^\| `(\w+)` \|/gm)].map(([, field]) => field);
  expect(documented).toEqual(Object.keys(reportSchema.shape));
});
