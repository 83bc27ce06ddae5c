/** What became of an event's coupons, window by window, as the ledger has it. */
import { setImmediate as nextTurn } from "node:timers/promises";
import { and, asc, eq, gt, lte, sql } from "drizzle-orm";
import { issuances } from "../../../schema/tables.ts";
import type { Database } from "../database.ts";
import { type EventDefinition, type EventWindow, lastIssuableRank } from "../events/event.ts";
import type { IssuanceSource } from "./arrival.ts";
import { isoTime, isoTimeOrNull } from "./issuance.ts";

/** Rows counted by one statement: some ten milliseconds in which the thread serves nobody. */
const ROWS_PER_STEP = 20_000;

export interface Counts {
  /** All that were issued, also those that were redeemed or revoked since. */
  readonly issued: number;
  readonly redeemed: number;
  readonly revoked: number;
  readonly firstIssuedAtMs: number | null;
  readonly lastIssuedAtMs: number | null;
  /** Coupons issued in the busiest second of the clock. */
  readonly peakPerSecond: number;
}

export interface WindowStatistics extends Counts {
  readonly window: EventWindow;
  /** From its opening to its last coupon, where quota or stock ran out in it; null where not. */
  readonly soldOutAfterMs: number | null;
}

export interface EventStatistics extends Counts {
  /** Granted, and not in the ledger yet: in none of the other figures. */
  readonly undelivered: number;
  /** When the last coupon was issued that there is; null while there are more. */
  readonly soldOutAtMs: number | null;
  /** How long the event had been open by then, all its windows together. */
  readonly soldOutAfterOpenMs: number | null;
  readonly windows: readonly WindowStatistics[];
}

/** Counts the event's issuances, a step at a time, so that a server goes on serving meanwhile. */
export async function eventStatistics(
  source: IssuanceSource,
  event: EventDefinition,
): Promise<EventStatistics> {
  let undelivered = 0;
  for await (const page of source.undelivered(event)) undelivered += page.length;
  const tallies = await tallyByWindow(source.database, event.id);
  const total = new Tally();
  for (const tally of tallies.values()) total.addAll(tally);
  const isSoldOut = total.issued > 0 && total.issued >= lastIssuableRank(event);
  const counts = total.counts();
  const soldOutAtMs = isSoldOut ? counts.lastIssuedAtMs : null;
  return {
    ...counts,
    undelivered,
    soldOutAtMs,
    soldOutAfterOpenMs: soldOutAtMs === null ? null : openMsUntil(event.windows, soldOutAtMs),
    windows: event.windows.map((window) => ofWindow(window, tallies.get(window.id), soldOutAtMs)),
  };
}

/** Statistics as JSON, on the command line and over HTTP: moments are ISO 8601 in UTC. */
export function statisticsJson(event: EventDefinition, statistics: EventStatistics) {
  return {
    eventId: event.id,
    stock: event.stock,
    returned: event.returned,
    ...countsJson(statistics),
    undelivered: statistics.undelivered,
    soldOutAt: isoTimeOrNull(statistics.soldOutAtMs),
    soldOutAfterOpenMs: statistics.soldOutAfterOpenMs,
    windows: statistics.windows.map(({ window, soldOutAfterMs, ...counts }) => ({
      id: window.id,
      opensAt: isoTime(window.opensAtMs),
      closesAt: isoTime(window.closesAtMs),
      quota: window.quota,
      ...countsJson(counts),
      soldOutAfterMs,
    })),
  };
}

function countsJson(counts: Counts) {
  return {
    issued: counts.issued,
    redeemed: counts.redeemed,
    revoked: counts.revoked,
    firstIssuedAt: isoTimeOrNull(counts.firstIssuedAtMs),
    lastIssuedAt: isoTimeOrNull(counts.lastIssuedAtMs),
    peakPerSecond: counts.peakPerSecond,
  };
}

function ofWindow(
  window: EventWindow,
  tally: Tally | undefined,
  soldOutAtMs: number | null,
): WindowStatistics {
  const counts = (tally ?? new Tally()).counts();
  const { issued, lastIssuedAtMs } = counts;
  const ranOut =
    (window.quota !== null && issued >= window.quota) || lastIssuedAtMs === soldOutAtMs;
  const soldOutAfterMs =
    ranOut && lastIssuedAtMs !== null ? lastIssuedAtMs - window.opensAtMs : null;
  return { window, ...counts, soldOutAfterMs };
}

/** How long any of the windows had been open by the moment. */
function openMsUntil(windows: readonly EventWindow[], atMs: number): number {
  const openMs = windows.map(({ opensAtMs, closesAtMs }) =>
    Math.max(0, Math.min(closesAtMs, atMs) - opensAtMs),
  );
  return openMs.reduce((sum, ms) => sum + ms, 0);
}

class Tally {
  issued = 0;
  private redeemed = 0;
  private revoked = 0;
  private firstIssuedAtMs = Number.POSITIVE_INFINITY;
  private lastIssuedAtMs = Number.NEGATIVE_INFINITY;
  private readonly issuedBySecond = new Map<number, number>();

  add(second: number, row: Omit<CountedRow, "windowId" | "second">): void {
    this.issued += row.issued;
    this.redeemed += row.redeemed;
    this.revoked += row.revoked;
    this.firstIssuedAtMs = Math.min(this.firstIssuedAtMs, row.firstIssuedAtMs);
    this.lastIssuedAtMs = Math.max(this.lastIssuedAtMs, row.lastIssuedAtMs);
    this.addSecond(second, row.issued);
  }

  addAll(other: Tally): void {
    this.issued += other.issued;
    this.redeemed += other.redeemed;
    this.revoked += other.revoked;
    this.firstIssuedAtMs = Math.min(this.firstIssuedAtMs, other.firstIssuedAtMs);
    this.lastIssuedAtMs = Math.max(this.lastIssuedAtMs, other.lastIssuedAtMs);
    for (const [second, issued] of other.issuedBySecond) this.addSecond(second, issued);
  }

  counts(): Counts {
    const isEmpty = this.issued === 0;
    let peakPerSecond = 0;
    for (const issued of this.issuedBySecond.values()) {
      peakPerSecond = Math.max(peakPerSecond, issued);
    }
    return {
      issued: this.issued,
      redeemed: this.redeemed,
      revoked: this.revoked,
      firstIssuedAtMs: isEmpty ? null : this.firstIssuedAtMs,
      lastIssuedAtMs: isEmpty ? null : this.lastIssuedAtMs,
      peakPerSecond,
    };
  }

  private addSecond(second: number, issued: number): void {
    this.issuedBySecond.set(second, (this.issuedBySecond.get(second) ?? 0) + issued);
  }
}

interface CountedRow {
  readonly windowId: number;
  readonly second: number;
  readonly issued: number;
  readonly redeemed: number;
  readonly revoked: number;
  readonly firstIssuedAtMs: number;
  readonly lastIssuedAtMs: number;
}

async function tallyByWindow(database: Database, eventId: string): Promise<Map<number, Tally>> {
  const tallies = new Map<number, Tally>();
  let afterRank = Number.MIN_SAFE_INTEGER;
  while (afterRank !== Number.MAX_SAFE_INTEGER) {
    const behind = and(eq(issuances.eventId, eventId), gt(issuances.rank, afterRank));
    const [last] = await database.orm
      .select({ rank: issuances.rank })
      .from(issuances)
      .where(behind)
      .orderBy(asc(issuances.rank))
      .limit(1)
      .offset(ROWS_PER_STEP - 1);
    afterRank = last?.rank ?? Number.MAX_SAFE_INTEGER;
    const second = sql<number>`${issuances.issuedAtMs} / 1000`;
    const rows: CountedRow[] = await database.orm
      .select({
        windowId: issuances.windowId,
        second,
        issued: sql<number>`count(*)`,
        redeemed: sql<number>`sum(${issuances.status} = 'redeemed')`,
        revoked: sql<number>`sum(${issuances.status} = 'revoked')`,
        firstIssuedAtMs: sql<number>`min(${issuances.issuedAtMs})`,
        lastIssuedAtMs: sql<number>`max(${issuances.issuedAtMs})`,
      })
      .from(issuances)
      .where(and(behind, lte(issuances.rank, afterRank)))
      .groupBy(issuances.windowId, second);
    for (const row of rows) {
      let tally = tallies.get(row.windowId);
      if (tally === undefined) {
        tally = new Tally();
        tallies.set(row.windowId, tally);
      }
      tally.add(row.second, row);
    }
    await nextTurn();
  }
  return tallies;
}
