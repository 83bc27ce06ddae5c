/** Reads events out of the SQL tables: three queries, whose rows are put together here. */
import type { ResultSet } from "@libsql/client";
import { eq, inArray, type SQL, sql } from "drizzle-orm";
import type { BaseSQLiteDatabase } from "drizzle-orm/sqlite-core";
import { coupons, events, windows } from "../../../schema/tables.ts";
import type { EventDefinition } from "./event.ts";
import { EventError, unknownEvent } from "./event-error.ts";

/** What the queries run on: a database, or a transaction on one. */
export type Queryable = BaseSQLiteDatabase<"async", ResultSet>;

type EventRow = typeof events.$inferSelect;
type CouponRow = typeof coupons.$inferSelect;
type WindowRow = typeof windows.$inferSelect;

/** The queries for the events that fulfil the condition, to be run together: see toDefinitions. */
export function eventQueries(queryable: Queryable, condition?: SQL) {
  const ids = queryable.select({ id: events.id }).from(events).where(condition);
  return [
    queryable.select().from(events).where(condition).orderBy(events.createdAtMs, sql`rowid`),
    queryable
      .select()
      .from(coupons)
      .where(inArray(coupons.eventId, ids))
      .orderBy(coupons.eventId, coupons.firstRank),
    queryable
      .select()
      .from(windows)
      .where(inArray(windows.eventId, ids))
      .orderBy(windows.eventId, windows.opensAtMs),
  ] as const;
}

/** Puts the rows of the three queries together. */
export function toDefinitions(
  eventRows: readonly EventRow[],
  couponRows: readonly CouponRow[],
  windowRows: readonly WindowRow[],
): EventDefinition[] {
  const couponsOf = Map.groupBy(couponRows, (row) => row.eventId);
  const windowsOf = Map.groupBy(windowRows, (row) => row.eventId);
  return eventRows.map(({ createdAtMs: _, codeKey, ...event }) => ({
    ...event,
    codeKey: new Uint8Array(codeKey),
    coupons: (couponsOf.get(event.id) ?? []).map(({ eventId: _, ...coupon }) => coupon),
    windows: (windowsOf.get(event.id) ?? []).map(({ eventId: _, ...window }) => window),
  }));
}

/**
 * The event as a transaction sees it, in which the queries see one state without being a batch.
 *
 * @throws EventError (`unknown_event`)
 */
export async function requireEvent(
  transaction: Queryable,
  eventId: string,
): Promise<EventDefinition> {
  const [eventRows, couponRows, windowRows] = eventQueries(transaction, eq(events.id, eventId));
  const [event] = toDefinitions(await eventRows, await couponRows, await windowRows);
  if (event === undefined) throw unknownEvent(eventId);
  return event;
}

/** The same, of an event that has not ended. @throws EventError (also `event_ended`) */
export async function requireRunningEvent(
  transaction: Queryable,
  eventId: string,
): Promise<EventDefinition> {
  return requireRunning(await requireEvent(transaction, eventId));
}

/** The event. @throws EventError (`event_ended`) */
export function requireRunning(event: EventDefinition): EventDefinition {
  if (!event.ended) return event;
  throw new EventError("event_ended", `event ${event.id} has ended and cannot be changed`);
}
