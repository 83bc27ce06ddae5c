/**
 * What the members' clocks prove: an answer cannot come before its decision, nor the decision
 * before the request. Times of the ledger can be held against them only where claims are decided by
 * the clock of this machine.
 */

import type { EventWindow } from "../server/events/event.ts";
import { type Check, Findings } from "../server/ledger/findings.ts";
import { seedMemberId } from "../server/members/seed.ts";
import type { ToldTable } from "./told.ts";

/** For a clock that was set during the run. */
export const CLOCK_ALLOWANCE_MS = 20;
/** Times told are rounded down to a millisecond. */
const GRAIN_MS = 1;
/** A server follows its database within this: it may not know yet of a window just opened. */
export const FOLLOW_MS = 1_000;

export interface LastIssuance {
  readonly rank: number;
  readonly issuedAtMs: number;
}

export interface Timekeeping {
  readonly told: ToldTable;
  /** The start of the run, by this machine's wall clock. */
  readonly startedAtMs: number;
  /** Claims were decided by this machine's wall clock too. */
  readonly sameClock: boolean;
}

/**
 * The checks that compare times.
 *
 * @param last the issuance that was decided last
 * @param restocked the event was given another stock during the run, so that coupons may come after
 * a true «sold out»
 */
export function judgeTimes(
  { windows }: { readonly windows: readonly EventWindow[] },
  timekeeping: Timekeeping,
  last: LastIssuance | undefined,
  restocked: boolean,
): Check[] {
  const { told, startedAtMs, sameClock } = timekeeping;
  const early = restocked ? new Findings() : findServedLater(told);
  const outside = new Findings();
  const refused = new Findings();
  for (let number = 1; sameClock && number < told.rows; number++) {
    const soldOutMs = told.timeOf(number, "soldOut");
    if (soldOutMs !== undefined && last !== undefined && !restocked) {
      const beforeMs = last.issuedAtMs - (startedAtMs + soldOutMs + GRAIN_MS);
      if (beforeMs > CLOCK_ALLOWANCE_MS) {
        early.add(
          `${seedMemberId(number)} was told «sold out» ${Math.round(beforeMs)} ms before rank ${last.rank} was issued`,
        );
      }
    }
    if (wasRefusedWhileOpen(windows, timekeeping, number)) {
      refused.add(`${seedMemberId(number)} was told «not open» while the event was open`);
    }
    const issuedMs = told.timeOf(number, "issued");
    const sentMs = told.timeOf(number, "issuedSent");
    if (issuedMs === undefined || sentMs === undefined) continue;
    const span = { fromMs: startedAtMs + sentMs, toMs: startedAtMs + issuedMs + GRAIN_MS };
    const missed = missedWindow(windows, span);
    if (missed !== undefined) outside.add(`${seedMemberId(number)} was told «issued» ${missed}`);
  }
  const unknown = "not judged: claims were decided by another machine's clock";
  const soldOutLast = sameClock
    ? "nobody was told «sold out» before the last coupon was decided"
    : "nobody was told «sold out» before a claim was sent that was granted";
  return [
    outside.check(
      "told-in-window",
      3,
      sameClock ? "every «issued» was told while the event was open" : unknown,
      "«issued» told while the event was closed",
    ),
    refused.check(
      "not-open-true",
      3,
      sameClock ? "nobody was told «not open» while the event was open" : unknown,
      "«not open» told while the event was open",
    ),
    early.check(
      "sold-out-last",
      9,
      restocked ? "not judged: the stock was changed during the run" : soldOutLast,
      "«sold out» told before the last coupon was decided",
    ),
  ];
}

/**
 * Whether somebody was issued a coupon on a claim that was sent when somebody else had been told
 * «sold out» already: the first answer and the last claim tell, by one clock, the simulator's.
 */
function findServedLater(told: ToldTable): Findings {
  const found = new Findings();
  let refused = { number: 0, atMs: Number.POSITIVE_INFINITY };
  let served = { number: 0, atMs: Number.NEGATIVE_INFINITY };
  for (let number = 1; number < told.rows; number++) {
    const soldOutMs = told.timeOf(number, "soldOut");
    if (soldOutMs !== undefined && soldOutMs < refused.atMs) refused = { number, atMs: soldOutMs };
    const sentMs = told.timeOf(number, "issuedSent");
    if (sentMs !== undefined && sentMs > served.atMs) served = { number, atMs: sentMs };
  }
  const laterMs = served.atMs - (refused.atMs + GRAIN_MS);
  if (laterMs > CLOCK_ALLOWANCE_MS) {
    found.add(
      `${seedMemberId(served.number)} was issued a coupon on a claim sent ${laterMs} ms after ${seedMemberId(refused.number)} was told «sold out»`,
    );
  }
  return found;
}

/** Whether a member's first «not open» was asked for and told while one window was open. */
function wasRefusedWhileOpen(
  windows: readonly EventWindow[],
  { told, startedAtMs }: Timekeeping,
  number: number,
): boolean {
  const sentMs = told.timeOf(number, "notOpenSent");
  const answeredMs = told.timeOf(number, "notOpen");
  if (sentMs === undefined || answeredMs === undefined) return false;
  return windows.some(
    ({ opensAtMs, closesAtMs }) =>
      startedAtMs + sentMs >= opensAtMs + FOLLOW_MS + CLOCK_ALLOWANCE_MS &&
      startedAtMs + answeredMs + GRAIN_MS < closesAtMs - CLOCK_ALLOWANCE_MS,
  );
}

/** How a request missed all windows, as the end of a sentence; undefined when it met one. */
function missedWindow(
  windows: readonly EventWindow[],
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
): string | undefined {
  const met = windows.some(
    ({ opensAtMs, closesAtMs }) =>
      toMs >= opensAtMs - CLOCK_ALLOWANCE_MS && fromMs < closesAtMs + CLOCK_ALLOWANCE_MS,
  );
  if (met) return undefined;
  const closed = windows.findLast((window) => window.closesAtMs <= fromMs);
  if (closed === undefined) return "before the event opened";
  return `on a claim sent ${Math.round(fromMs - closed.closesAtMs)} ms after the event had closed`;
}
