/** Reads the ledger with the coupons' states: one issuance, a page, or all of an event. */
import { and, asc, eq, gt, lte, type SQL, sql } from "drizzle-orm";
import { issuances } from "../../../schema/tables.ts";
import type { Database } from "../database.ts";
import type { Queryable } from "../events/event-rows.ts";
import { withoutValuesInErrors } from "../query-error.ts";
import { type Issuance, type IssuanceStatus, issuanceColumns } from "./issuance.ts";
import { exactCodeFirst, type Selector, selected } from "./selector.ts";

/** Rows of a file read at once: a few milliseconds in which a server's thread answers no claim. */
const ROWS_PER_PAGE = 500;

/** Which issuances of an event are meant; what is left out does not matter. */
export interface IssuanceFilter {
  readonly status?: IssuanceStatus | undefined;
  readonly windowId?: number | undefined;
}

/** The issuance in the ledger, or undefined. */
export async function readIssuance(
  queryable: Queryable,
  eventId: string,
  selector: Selector,
): Promise<Issuance | undefined> {
  const found = queryable
    .select(issuanceColumns)
    .from(issuances)
    .where(and(eq(issuances.eventId, eventId), selected(selector)))
    .orderBy(...(selector.by === "code" ? [exactCodeFirst(selector.code)] : []))
    .limit(1);
  return (await withoutValuesInErrors(found))[0];
}

/**
 * One page of what an event has issued, by rank: the rows behind `afterRank` that fulfil the filter,
 * at most `limit` of them, and all those that share the last one's rank, so that the next page can
 * begin behind it even in a damaged ledger.
 */
export async function readIssuancePage(
  database: Database,
  eventId: string,
  { afterRank, limit, ...filter }: IssuanceFilter & { afterRank: number; limit: number },
): Promise<Issuance[]> {
  const behind = and(ofEvent(eventId, filter), gt(issuances.rank, afterRank));
  const [lastRow] = await database.orm
    .select({ rank: issuances.rank })
    .from(issuances)
    .where(behind)
    .orderBy(asc(issuances.rank))
    .limit(1)
    .offset(limit - 1);
  const lastRank = lastRow?.rank ?? Number.MAX_SAFE_INTEGER;
  return await database.orm
    .select(issuanceColumns)
    .from(issuances)
    .where(and(behind, lte(issuances.rank, lastRank)))
    .orderBy(asc(issuances.rank));
}

/** All that fulfil the filter, by rank, a page at a time; every row of a damaged ledger too. */
export async function* readIssuances(
  database: Database,
  eventId: string,
  filter: IssuanceFilter = {},
): AsyncGenerator<readonly Issuance[]> {
  const rowid = sql<number>`rowid`;
  let last = { rank: Number.MIN_SAFE_INTEGER, rowid: 0 };
  for (;;) {
    const page = await database.orm
      .select({ ...issuanceColumns, rowid })
      .from(issuances)
      .where(
        and(
          ofEvent(eventId, filter),
          gt(sql`(${issuances.rank}, ${rowid})`, sql`(${last.rank}, ${last.rowid})`),
        ),
      )
      .orderBy(asc(issuances.rank), asc(rowid))
      .limit(ROWS_PER_PAGE);
    const end = page.at(-1);
    if (end === undefined) return;
    yield page;
    last = end;
  }
}

function ofEvent(eventId: string, { status, windowId }: IssuanceFilter): SQL | undefined {
  return and(
    eq(issuances.eventId, eventId),
    status === undefined ? undefined : eq(issuances.status, status),
    windowId === undefined ? undefined : eq(issuances.windowId, windowId),
  );
}
