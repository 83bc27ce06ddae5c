/** Reads the ledger in rank order. */
import { and, asc, eq, gt, sql } from "drizzle-orm";
import { issuances } from "../../../schema/tables.ts";
import type { Database } from "../database.ts";

/** Rows read at once: a page is some hundred kilobytes and blocks the thread a few milliseconds. */
export const MAX_PAGE_ROWS = 5_000;

export interface LedgerGrant {
  readonly memberId: string;
  readonly rank: number;
  readonly windowId: number;
  readonly issuedAtMs: number;
}

export interface LedgerRow extends LedgerGrant {
  readonly code: string;
}

/**
 * Pages through what an event has issued, by rank, from the first. Ranks may repeat or be missing
 * in a damaged ledger: every row is read all the same.
 */
export async function* readLedger(
  database: Database,
  eventId: string,
): AsyncGenerator<readonly LedgerRow[]> {
  const rowid = sql<number>`rowid`;
  let last = { rank: Number.MIN_SAFE_INTEGER, rowid: 0 };
  for (;;) {
    const page = await database.orm
      .select({
        memberId: issuances.userId,
        rank: issuances.rank,
        code: issuances.code,
        windowId: issuances.windowId,
        issuedAtMs: issuances.issuedAtMs,
        rowid,
      })
      .from(issuances)
      .where(
        and(
          eq(issuances.eventId, eventId),
          gt(sql`(${issuances.rank}, ${rowid})`, sql`(${last.rank}, ${last.rowid})`),
        ),
      )
      .orderBy(asc(issuances.rank), asc(rowid))
      .limit(MAX_PAGE_ROWS);
    const end = page.at(-1);
    if (end === undefined) return;
    yield page;
    last = end;
  }
}
