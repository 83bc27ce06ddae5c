/** The one summary of a run, behind the text, the JSON and whatever else shows it. */
import type { Histogram } from "hdr-histogram-js";
import { z } from "zod";
import type { Check } from "../server/ledger/findings.ts";
import type { Ending } from "./ending.ts";
import { checkExpectations, type Expectation } from "./expectations.ts";
import type { LoadResult } from "./fleet.ts";
import { percentileMs } from "./latency.ts";
import { OUTCOMES, type Outcome } from "./outcomes.ts";
import { COUPONLIVE_VERSION, type Machine } from "./report-machine.ts";
import { decide, findBound, VERDICTS } from "./report-verdict.ts";
import { CREDENTIALS, SCENARIOS } from "./scenario.ts";
import { soldOutAfterMs } from "./series-reading.ts";
import { HTTP_VERSIONS } from "./transport.ts";

/** Of the report's form. It grows whenever a reader of an older one would misread a newer one. */
export const REPORT_VERSION = 3;

const count = z.int().nonnegative();
const amount = z.number().nonnegative();

const outcomeSchema = z.enum(OUTCOMES);

const latencySchema = z.strictObject({
  p50: amount,
  p90: amount,
  p99: amount,
  p999: amount,
  max: amount,
});

const checkSchema = z.strictObject({
  id: z.string(),
  /** The invariant of the design that it states. */
  invariant: z.int(),
  ok: z.boolean(),
  summary: z.string(),
  counterExamples: z.array(z.string()),
});

const shapeSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.enum(["constant", "poisson", "humans"]), ratePerSecond: amount }),
  z.strictObject({ kind: z.literal("ramp"), fromPerSecond: amount, toPerSecond: amount }),
  z.strictObject({ kind: z.literal("burst"), arrivals: count }),
  z.strictObject({
    kind: z.literal("steps"),
    steps: z.array(z.strictObject({ ratePerSecond: amount, durationMs: count })).readonly(),
  }),
]);

const machineSchema = z.strictObject({
  cpu: z.string(),
  cores: count,
  memoryBytes: count,
  kernel: z.string(),
  bun: z.string(),
});

const expectationSchema = z.strictObject({
  text: z.string(),
  ok: z.boolean(),
  /** In `unit`; null where the run has no such figure. */
  actual: amount.nullable(),
  unit: z.enum(["", "/s", "ms"]),
});

/** What `--json` writes; docs/report.md describes it. */
export const reportSchema = z.strictObject({
  version: z.literal(REPORT_VERSION),
  /** The version of couponlive that ran it. */
  couponlive: z.string(),
  /** The command line, without secrets. */
  command: z.string(),
  /** The generator's. */
  machine: machineSchema,
  config: z.strictObject({
    eventId: z.string(),
    eventName: z.string(),
    url: z.string(),
    /** How this run's own server decides; null for a server that was there. */
    engine: z.enum(["embedded", "redis"]).nullable(),
    shape: shapeSchema,
    scenario: z.enum(SCENARIOS),
    durationMs: count,
    graceMs: count,
    users: count,
    stock: count,
    /** Coupons of the event that were issued before the run. */
    issuedBefore: count,
    workers: count,
    http: z.enum(HTTP_VERSIONS),
    connections: count,
    /** Requests that a connection has in flight at most. */
    streams: count,
    seed: count,
    startedAt: z.iso.datetime(),
  }),
  /** Requests a second, as scheduled. */
  offeredRate: amount,
  /** Requests a second, until the last one was sent. */
  achievedRate: amount,
  ledger: z.strictObject({ scheduled: count, sent: count, shed: count, unsent: count }),
  outcomes: z.record(outcomeSchema, count),
  /** From due to answered; for the outcomes that occurred. */
  latencyMs: z.partialRecord(outcomeSchema, latencySchema),
  /** From sent to answered: what the server took; for the outcomes that occurred. */
  serviceMs: z.partialRecord(outcomeSchema, latencySchema),
  /** From due to sent. */
  sendLagMs: latencySchema,
  /** From due until the generator came to it, whether or not its connection was free. */
  generatorLagMs: latencySchema,
  /** When the last coupon was told to its member, to the next 100 ms; null while some are left. */
  soldOutAfterMs: amount.nullable(),
  /** Requests that found their connection still waiting for an answer when they were due. */
  waitedForConnection: count,
  connectionsLost: count,
  /** User and system time, in µs a sent request; null where the server is not this run's child. */
  cpuUsPerRequest: z.strictObject({ generator: amount, server: amount.nullable() }),
  /** Why requests were refused or failed, where that is not plain from the outcome. */
  reasons: z.array(z.strictObject({ reason: z.string(), count })),
  verification: z.strictObject({ ok: z.boolean(), checks: z.array(checkSchema) }),
  /** True when the generator held the rate, so that the figures judge the server. */
  valid: z.boolean(),
  /** What was asked for with --expect, in that order. */
  expectations: z.array(expectationSchema),
  verdict: z.enum(VERDICTS),
  /** The verdict in one sentence. */
  why: z.string(),
});

export type Report = z.infer<typeof reportSchema>;
export type ReportConfig = Report["config"];
export type Latency = z.infer<typeof latencySchema>;
export type ExpectationResult = z.infer<typeof expectationSchema>;

/** All that a report is made from. */
export interface RunFacts {
  readonly command: string;
  readonly machine: Machine;
  readonly config: ReportConfig;
  readonly load: LoadResult;
  readonly checks: readonly Check[];
  readonly expectations: readonly Expectation[];
  readonly generatorCpuUs: number;
  readonly serverCpuUs: number | undefined;
  readonly ending: Ending;
}

/** Sums a run up and judges it. */
export function summarize(facts: RunFacts): Report {
  const measured = measure(facts);
  const bound = findBound(measured, facts.load.stopped);
  const expectations = checkExpectations(facts.expectations, measured);
  const refusedMembers = countRefusedMembers(facts.load);
  const judgement = decide(measured, { ending: facts.ending, refusedMembers, bound, expectations });
  return { ...measured, valid: bound === undefined, expectations, ...judgement };
}

function countRefusedMembers({ told, credentials }: LoadResult): number {
  let refused = 0;
  for (const [row, shown] of credentials.entries()) {
    if (CREDENTIALS[shown] === "valid" && told.wasTold(row, "unauthorized")) refused++;
  }
  return refused;
}

/** What a report says before anything is judged. */
export type Measured = Omit<Report, "valid" | "expectations" | "verdict" | "why">;

function measure(facts: RunFacts): Measured {
  const { command, machine, config, load, checks, generatorCpuUs, serverCpuUs } = facts;
  const { ledger, tally } = load;
  const perRequest = (us: number) => round(us / Math.max(1, ledger.sent), 1);
  const lastSentMs = Math.max(config.durationMs, tally.lastSentUs / 1000);
  return {
    version: REPORT_VERSION,
    couponlive: COUPONLIVE_VERSION,
    command,
    machine,
    config,
    offeredRate: round(perSecond(ledger.scheduled, config.durationMs), 1),
    achievedRate: round(perSecond(ledger.sent, lastSentMs), 1),
    ledger,
    outcomes: { ...tally.outcomes },
    latencyMs: latencies((outcome) => tally.latencyOf(outcome)),
    serviceMs: latencies((outcome) => tally.serviceOf(outcome)),
    sendLagMs: latencySummary(tally.sendLag()),
    generatorLagMs: latencySummary(tally.generatorLag()),
    soldOutAfterMs: soldOutAfterMs(load.series, config.stock - config.issuedBefore),
    waitedForConnection: tally.waitedForConnection,
    connectionsLost: tally.connectionsLost,
    cpuUsPerRequest: {
      generator: perRequest(generatorCpuUs),
      server: serverCpuUs === undefined ? null : perRequest(serverCpuUs),
    },
    reasons: tally.reasons,
    verification: {
      ok: checks.every((check) => check.ok),
      checks: checks.map((check) => ({ ...check, counterExamples: [...check.counterExamples] })),
    },
  };
}

function latencies(
  histogramOf: (outcome: Outcome) => Histogram | undefined,
): Partial<Record<Outcome, Latency>> {
  const summaries: Partial<Record<Outcome, Latency>> = {};
  for (const outcome of OUTCOMES) {
    const histogram = histogramOf(outcome);
    if (histogram !== undefined) summaries[outcome] = latencySummary(histogram);
  }
  return summaries;
}

function latencySummary(histogram: Histogram): Latency {
  return {
    p50: percentileMs(histogram, 50),
    p90: percentileMs(histogram, 90),
    p99: percentileMs(histogram, 99),
    p999: percentileMs(histogram, 99.9),
    max: percentileMs(histogram, 100),
  };
}

function perSecond(count: number, ms: number): number {
  return ms === 0 ? 0 : (count * 1000) / ms;
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
