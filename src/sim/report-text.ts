/** The summary of a run for people who see one for the first time. Plain text, no escape codes. */
import { OUTCOMES, type Outcome } from "./outcomes.ts";
import type { ExpectationResult, Report } from "./report.ts";

export const OUTCOME_NAMES: Readonly<Record<Outcome, string>> = {
  issued: "issued",
  alreadyIssued: "already issued",
  soldOut: "sold out",
  notOpen: "not open",
  windowExhausted: "window exhausted",
  paused: "paused",
  ended: "ended",
  overloaded: "overloaded",
  unauthorized: "unauthorized",
  otherRefusals: "other refusals",
  error: "errors",
  unknown: "no answer",
};

/** How many of the reasons are shown. */
const SHOWN_REASONS = 5;

/** The whole report, a line each. */
export function reportLines(report: Report): string[] {
  return [
    ...headLines(report),
    "",
    ...outcomeLines(report),
    "",
    ...loadLines(report),
    "",
    ...checkLines(report),
    ...expectationLines(report),
    "",
    `${report.verdict}: ${report.why}`,
  ];
}

function headLines({ config, outcomes, ledger, soldOutAfterMs }: Report): string[] {
  const gone = soldOutAfterMs === null ? "" : ` after ${seconds(soldOutAfterMs)}`;
  const where = config.engine === null ? config.url : `${config.engine} engine, ${config.url}`;
  const before = config.issuedBefore > 0 ? ` (${group(config.issuedBefore)} issued before)` : "";
  return [
    `Event ${config.eventId} at ${where}`,
    `${group(ledger.sent)} claims for ${group(config.stock)} coupons${before}: ` +
      `${group(outcomes.issued)} issued, ${group(outcomes.soldOut)} told sold out${gone}`,
  ];
}

function outcomeLines({ outcomes, latencyMs, reasons }: Report): string[] {
  const head = ["answer", "claims", "p50", "p90", "p99", "p99.9", "max"];
  const rows = OUTCOMES.flatMap((outcome) => {
    const latency = latencyMs[outcome];
    if (outcomes[outcome] === 0 || latency === undefined) return [];
    const { p50, p90, p99, p999, max } = latency;
    const figures = [p50, p90, p99, p999, max].map(milliseconds);
    return [[OUTCOME_NAMES[outcome], group(outcomes[outcome]), ...figures]];
  });
  const why = reasons
    .slice(0, SHOWN_REASONS)
    .map(({ reason, count }) => `  ${group(count)} × ${reason}`);
  return ["Answers, in ms from when the claim was due:", ...table([head, ...rows]), ...why];
}

function loadLines(report: Report): string[] {
  const { config, ledger, sendLagMs, generatorLagMs, cpuUsPerRequest } = report;
  const missed = ledger.shed + ledger.unsent;
  const server = cpuUsPerRequest.server;
  return [
    `offered ${group(report.offeredRate)}/s for ${config.durationMs / 1000} s, achieved ${group(report.achievedRate)}/s` +
      (missed > 0 ? `; ${group(ledger.shed)} shed, ${group(ledger.unsent)} unsent` : ""),
    `claims were sent ${milliseconds(sendLagMs.p50)} ms after they were due ` +
      `(p99 ${milliseconds(sendLagMs.p99)}, max ${milliseconds(sendLagMs.max)})`,
    `of that the generator's own lag ${milliseconds(generatorLagMs.p50)} ms ` +
      `(p99 ${milliseconds(generatorLagMs.p99)}, max ${milliseconds(generatorLagMs.max)})`,
    `CPU a claim: generator ${cpuUsPerRequest.generator} µs` +
      (server === null ? "" : `, server ${server} µs`),
    `HTTP/${config.http}, ${connectionsText(config)}, ${group(report.connectionsLost)} lost; seed ${config.seed}`,
  ];
}

/** How many connections there were, and how much each had in flight at most where it was several. */
export function connectionsText({ connections, http, streams }: Report["config"]): string {
  if (streams === 1) return `${connections} connections`;
  return `${connections} connections of ${streams} ${http === "2" ? "streams" : "pipelined requests"}`;
}

function checkLines({ verification }: Report): string[] {
  return verification.checks.flatMap((check) => [
    `${check.ok ? "ok  " : "FAIL"} ${check.id}: ${check.summary}`,
    ...check.counterExamples.map((example) => `       ${example}`),
  ]);
}

function expectationLines({ expectations }: Report): string[] {
  if (expectations.length === 0) return [];
  return [
    "",
    ...expectations.map((each) => `${each.ok ? "ok  " : "MISS"} ${each.text} (${actually(each)})`),
  ];
}

/** What an expectation found, such as `was 48.3 ms`. */
export function actually({ actual, unit }: ExpectationResult): string {
  switch (unit) {
    case "ms":
      return actual === null ? "there was none" : `was ${milliseconds(actual)} ms`;
    case "/s":
      return `was ${group(actual ?? 0)}/s`;
    case "":
      return `was ${group(actual ?? 0)}`;
  }
}

/** Columns two spaces apart; the first flush left, the figures flush right. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows.map((row) =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return column === 0 ? cell.padEnd(width) : cell.padStart(width);
      })
      .join("  "),
  );
}

export function group(count: number): string {
  return count.toLocaleString("en-US", { maximumFractionDigits: 0 });
}

export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

export function milliseconds(ms: number): string {
  return ms < 10 ? ms.toFixed(2) : ms < 100 ? ms.toFixed(1) : group(ms);
}
