/** The judgement of a run: its verdict, the sentence that gives the reason, and its exit code. */
import { EXIT, type ExitCode } from "../exit-codes.ts";
import { failuresBeyondDraining } from "../server/ledger/findings.ts";
import type { Ending } from "./ending.ts";
import { OUTCOMES } from "./outcomes.ts";
import type { ExpectationResult, Measured, Report } from "./report.ts";

/** The share of the offered rate below which a run says nothing about the server. */
export const MIN_ACHIEVED_SHARE = 0.99;
/**
 * The generator's own lag, at p99, above which the latencies are the generator's: it came to more
 * than one in a hundred requests this much too late. What a request waits for a busy connection
 * is not in it, since that is the server's doing.
 */
export const MAX_GENERATOR_LAG_P99_MS = 20;

/** From the best to the worst, as far as they can be ordered: see `decide`. */
export const VERDICTS = ["PASS", "MISSED", "INVALID", "BROKEN", "INCORRECT"] as const;
export type Verdict = (typeof VERDICTS)[number];

/** The exit code of a verdict. */
export function exitCodeOf(verdict: Verdict): ExitCode {
  switch (verdict) {
    case "PASS":
      return EXIT.ok;
    case "MISSED":
      return EXIT.expectationMissed;
    case "INVALID":
      return EXIT.invalid;
    case "BROKEN":
      return EXIT.failed;
    case "INCORRECT":
      return EXIT.incorrect;
  }
}

/** What a judgement needs beside the figures. */
export interface Findings {
  readonly ending: Ending;
  /** Members who showed a good token and were told that it is none. */
  readonly refusedMembers: number;
  /** What kept the run from being valid, if anything: see `findBound`. */
  readonly bound: string | undefined;
  readonly expectations: readonly ExpectationResult[];
}

/**
 * Correctness outranks all; then whether the run worked at all; then whether its figures can be
 * believed; then what was expected of them.
 */
export function decide(run: Measured, findings: Findings): Pick<Report, "verdict" | "why"> {
  const { ending, bound, expectations } = findings;
  const { checks } = run.verification;
  const failed = ending.isDrained
    ? checks.filter((check) => !check.ok)
    : failuresBeyondDraining(checks);
  if (failed.length > 0) {
    return { verdict: "INCORRECT", why: `violated: ${failed.map((check) => check.id).join(", ")}` };
  }
  const broken = findBreakage(run, findings);
  if (broken !== undefined) return { verdict: "BROKEN", why: broken };
  if (bound !== undefined) return { verdict: "INVALID", why: bound };
  const missed = expectations.filter((expectation) => !expectation.ok);
  if (missed.length > 0) {
    return { verdict: "MISSED", why: `expected ${missed.map(({ text }) => text).join(", ")}` };
  }
  return { verdict: "PASS", why: describePass(run) };
}

function describePass(run: Measured): string {
  const { issued, alreadyIssued, soldOut } = run.outcomes;
  return issued + alreadyIssued + soldOut > 0
    ? "the giveaway was right and the rate was held"
    : `nothing was given away, and rightly: ${mainCause(run)}; the rate was held`;
}

/** Why claims came to nothing: the most frequent cause. */
function mainCause({ outcomes, reasons }: Measured): string {
  const causes = [
    { reason: "the event was not open", count: outcomes.notOpen },
    { reason: "the open window's coupons were gone", count: outcomes.windowExhausted },
    { reason: "the event was paused", count: outcomes.paused },
    { reason: "the event had ended", count: outcomes.ended },
    { reason: "the server refused the tokens (401)", count: outcomes.unauthorized },
    { reason: "the server was overloaded (503)", count: outcomes.overloaded },
    ...reasons,
  ];
  return causes.reduce((most, cause) => (cause.count > most.count ? cause : most)).reason;
}

function findBreakage(run: Measured, { ending, refusedMembers }: Findings): string | undefined {
  const brokenDown = findImbalance(run) ?? ending.trouble;
  if (brokenDown !== undefined) return brokenDown;
  const { error, unknown, unauthorized, overloaded } = run.outcomes;
  const { sent } = run.ledger;
  if (sent > 0 && error + unknown + unauthorized + overloaded === sent) {
    return `not one claim was decided: ${mainCause(run)}`;
  }
  if (refusedMembers === 0) return undefined;
  const members = refusedMembers === 1 ? "1 member" : `${refusedMembers} members`;
  return `${members} showed a good token and were refused (401)`;
}

/** The ledger of requests must balance: nothing forgotten, nothing counted twice. */
function findImbalance({ ledger, outcomes }: Measured): string | undefined {
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

/** Why the figures do not judge the server, in a sentence that names the bound; undefined if they do. */
export function findBound(run: Measured, stopped: boolean): string | undefined {
  if (stopped) return "the run was stopped before its end";
  const lagMs = run.generatorLagMs.p99;
  if (run.achievedRate < MIN_ACHIEVED_SHARE * run.offeredRate) {
    const share = ((100 * run.achievedRate) / run.offeredRate).toFixed(1);
    return `only ${share} % of the offered rate was achieved (bound: ${100 * MIN_ACHIEVED_SHARE} %); ${whyShort(run)}`;
  }
  if (lagMs > MAX_GENERATOR_LAG_P99_MS) {
    return `the generator came to its requests ${lagMs.toFixed(0)} ms late at p99 (bound: ${MAX_GENERATOR_LAG_P99_MS} ms); it did not get the CPU it needs`;
  }
  return undefined;
}

/** What kept claims from being sent in time: their connections, or the generator. */
function whyShort({ generatorLagMs, sendLagMs, ledger, waitedForConnection }: Measured): string {
  // The longest delay was mostly a wait for a connection. Claims never sent have no delay.
  const isServerSlow =
    generatorLagMs.max < sendLagMs.max / 2 ||
    (generatorLagMs.p99 <= MAX_GENERATOR_LAG_P99_MS && waitedForConnection > ledger.scheduled / 2);
  return isServerSlow
    ? "all connections were busy: the server stalled or is slower than the rate, or --connections too few"
    : "the generator did not get the CPU it needs";
}
