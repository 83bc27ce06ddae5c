/** The table of refusals: written in bulk, read for one member. */
import { and, eq, getTableColumns, getTableName } from "drizzle-orm";
import { refusals } from "../../../schema/tables.ts";
import { type Database, reconnectAfterFailure } from "../database.ts";
import type { Queryable } from "../events/event-rows.ts";
import { type Refusal, UNKEPT_MEMBER_ID } from "./refusal.ts";

const columns = getTableColumns(refusals);
const [eventId, userId, firstOutcome, firstAt, lastOutcome, lastAt, times] = [
  columns.eventId,
  columns.userId,
  columns.firstOutcome,
  columns.firstAtMs,
  columns.lastOutcome,
  columns.lastAtMs,
  columns.times,
].map(({ name }) => name);
const order = [eventId, userId, firstOutcome, firstAt, lastOutcome, lastAt, times];

/** Several processes write of one member, in any order: the first stays the first, the last the last. */
const merge = `INSERT INTO ${getTableName(refusals)} (${order.join(", ")})
  SELECT ${order.map((_, position) => `value ->> ${position}`).join(", ")} FROM json_each(?) WHERE true
  ON CONFLICT (${eventId}, ${userId}) DO UPDATE SET
    ${firstOutcome} = iif(excluded.${firstAt} < ${firstAt}, excluded.${firstOutcome}, ${firstOutcome}),
    ${firstAt} = min(${firstAt}, excluded.${firstAt}),
    ${lastOutcome} = iif(excluded.${lastAt} >= ${lastAt}, excluded.${lastOutcome}, ${lastOutcome}),
    ${lastAt} = max(${lastAt}, excluded.${lastAt}),
    ${times} = ${times} + excluded.${times}`;

/** The refusals as one JSON text, the argument of `mergeRefusals`. */
export function encodeRefusals(all: readonly Refusal[]): string {
  return JSON.stringify(
    all.map((refusal) => [
      refusal.eventId,
      refusal.memberId,
      refusal.firstOutcome,
      refusal.firstAtMs,
      refusal.lastOutcome,
      refusal.lastAtMs,
      refusal.times,
    ]),
  );
}

/** Adds refusals, encoded by `encodeRefusals`, to those that are there, in one commit. */
export async function mergeRefusals(database: Database, encoded: string): Promise<void> {
  try {
    await database.client.execute({ sql: merge, args: [encoded] });
  } catch (error) {
    await reconnectAfterFailure(database);
    throw error;
  }
}

/** What is kept of the member, or undefined. */
export async function readRefusal(
  queryable: Queryable,
  ofEventId: string,
  memberId: string,
): Promise<Refusal | undefined> {
  const { userId: _, ...kept } = columns;
  const [row] = await queryable
    .select({ memberId: columns.userId, ...kept })
    .from(refusals)
    .where(and(eq(refusals.eventId, ofEventId), eq(refusals.userId, memberId)));
  return row;
}

/** How many decisions of the event were not looked at, or not kept, for want of room. */
export async function countUnkept(queryable: Queryable, ofEventId: string): Promise<number> {
  return (await readRefusal(queryable, ofEventId, UNKEPT_MEMBER_ID))?.times ?? 0;
}
