/** The one summary of a run, behind the text, the JSON and whatever else shows it. */
import type { Histogram } from "hdr-histogram-js";
import { z } from "zod";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import type { Check } from "../server/ledger/findings.ts";
import type { LoadResult } from "./fleet.ts";
import { percentileMs } from "./latency.ts";
import { OUTCOMES } from "./outcomes.ts";

/** The share of the offered rate below which a run says nothing about the server. */
export const MIN_ACHIEVED_SHARE = 0.99;

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

/** What `--json` writes. `version` grows when a reader of an older one would misread it. */
export const reportSchema = z.strictObject({
  version: z.literal(1),
  config: z.strictObject({
    eventId: z.string(),
    url: z.string(),
    /** How this run's own server decides; null for a server that was there. */
    engine: z.enum(["embedded", "redis"]).nullable(),
    shape: z.strictObject({ kind: z.literal("constant"), ratePerSecond: amount }),
    durationMs: count,
    graceMs: count,
    users: count,
    stock: count,
    /** Coupons of the event that were issued before the run. */
    issuedBefore: count,
    workers: count,
    connections: count,
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
  /** From due to sent. */
  sendLagMs: z.strictObject({ p50: amount, p99: amount, max: amount }),
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
  verdict: z.enum(["PASS", "INCORRECT", "INVALID", "BROKEN"]),
  /** The verdict in one sentence. */
  why: z.string(),
});

export type Report = z.infer<typeof reportSchema>;
export type Verdict = Report["verdict"];
export type ReportConfig = Report["config"];

/** All that a report is made from. */
export interface RunFacts {
  readonly config: ReportConfig;
  readonly load: LoadResult;
  readonly checks: readonly Check[];
  readonly generatorCpuUs: number;
  readonly serverCpuUs: number | undefined;
  /** False when the run's own server died, or had to be killed at the end. */
  readonly serverHeld: boolean;
}

/** Sums a run up and judges it. */
export function summarize(facts: RunFacts): Report {
  const { config, load, checks, generatorCpuUs, serverCpuUs } = facts;
  const { ledger, tally } = load;
  const perRequest = (us: number) => round(us / Math.max(1, ledger.sent), 1);
  const offeredRate = perSecond(ledger.scheduled, config.durationMs);
  const achievedRate = perSecond(ledger.sent, Math.max(config.durationMs, tally.lastSentUs / 1000));
  const verification = {
    ok: checks.every((check) => check.ok),
    checks: checks.map((check) => ({ ...check, counterExamples: [...check.counterExamples] })),
  };
  const valid = achievedRate >= MIN_ACHIEVED_SHARE * offeredRate;
  const measured = {
    version: 1 as const,
    config,
    offeredRate: round(offeredRate, 1),
    achievedRate: round(achievedRate, 1),
    ledger,
    outcomes: { ...tally.outcomes },
    latencyMs: latencies(load),
    sendLagMs: {
      p50: percentileMs(tally.sendLag, 50),
      p99: percentileMs(tally.sendLag, 99),
      max: percentileMs(tally.sendLag, 100),
    },
    waitedForConnection: tally.waitedForConnection,
    connectionsLost: tally.connectionsLost,
    cpuUsPerRequest: {
      generator: perRequest(generatorCpuUs),
      server: serverCpuUs === undefined ? null : perRequest(serverCpuUs),
    },
    reasons: tally.reasons,
    verification,
    valid,
  };
  return { ...measured, ...decide(measured, facts) };
}

/** The exit code of a verdict. */
export function exitCodeOf(verdict: Verdict): ExitCode {
  switch (verdict) {
    case "PASS":
      return EXIT.ok;
    case "INCORRECT":
      return EXIT.incorrect;
    case "INVALID":
      return EXIT.invalid;
    case "BROKEN":
      return EXIT.failed;
  }
}

/** Correctness outranks all; then whether the run can be believed at all; then its rate. */
function decide(
  run: Omit<Report, "verdict" | "why">,
  { load, serverHeld }: RunFacts,
): Pick<Report, "verdict" | "why"> {
  const failed = run.verification.checks.filter((check) => !check.ok);
  if (failed.length > 0) {
    return { verdict: "INCORRECT", why: `violated: ${failed.map((check) => check.id).join(", ")}` };
  }
  const imbalance = findImbalance(run);
  if (imbalance !== undefined) return { verdict: "BROKEN", why: imbalance };
  const { outcomes, ledger } = run;
  const undecided = outcomes.error + outcomes.unknown + outcomes.unauthorized;
  if (ledger.sent > 0 && undecided === ledger.sent) {
    return { verdict: "BROKEN", why: "not one claim was decided: see the reasons" };
  }
  if (!serverHeld) {
    return { verdict: "BROKEN", why: "the server died, or did not stop when it was told to" };
  }
  if (load.stopped) return { verdict: "INVALID", why: "the run was stopped before its end" };
  if (!run.valid) return { verdict: "INVALID", why: whyInvalid(run) };
  return { verdict: "PASS", why: "the giveaway was right and the rate was held" };
}

/** The ledger of requests must balance: nothing forgotten, nothing counted twice. */
function findImbalance({
  ledger,
  outcomes,
}: Pick<Report, "ledger" | "outcomes">): string | undefined {
  const { scheduled, sent, shed, unsent } = ledger;
  if (scheduled !== sent + shed + unsent) {
    return `the ledger does not balance: ${scheduled} scheduled, ${sent} sent, ${shed} shed, ${unsent} unsent`;
  }
  const answered = OUTCOMES.reduce((sum, outcome) => sum + outcomes[outcome], 0);
  if (sent !== answered) {
    return `the ledger does not balance: ${sent} sent, ${answered} outcomes`;
  }
  return undefined;
}

function whyInvalid(run: Omit<Report, "verdict" | "why">): string {
  const share = ((100 * run.achievedRate) / run.offeredRate).toFixed(1);
  const bound =
    run.waitedForConnection > run.ledger.scheduled / 2
      ? "all connections were busy: the server is slower than the rate, or --connections too few"
      : "the generator did not get the CPU it needs";
  return `only ${share} % of the offered rate was achieved; ${bound}`;
}

function latencies({ tally }: LoadResult): Report["latencyMs"] {
  const latencyMs: Report["latencyMs"] = {};
  for (const outcome of OUTCOMES) {
    const histogram = tally.latencyOf(outcome);
    if (histogram !== undefined) latencyMs[outcome] = latencySummary(histogram);
  }
  return latencyMs;
}

function latencySummary(histogram: Histogram): z.infer<typeof latencySchema> {
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
