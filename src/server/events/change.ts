/** The one way to change what running servers follow: a write transaction with a new revision. */
import { eq, sql } from "drizzle-orm";
import { catalogue, events } from "../../../schema/tables.ts";
import type { Database } from "../database.ts";
import { inWriteTransaction } from "../write-transaction.ts";
import type { Queryable } from "./event-rows.ts";

/**
 * Runs the change in one write transaction, with the catalogue's next revision; servers follow it
 * once it is committed. Whatever it throws undoes it whole. Changes run one after another.
 */
export async function changeCatalogue<T>(
  database: Database,
  change: (transaction: Queryable, revision: number) => Promise<T>,
): Promise<T> {
  return await inWriteTransaction(database, async (transaction) => {
    const [row] = await transaction
      .update(catalogue)
      .set({ revision: sql`${catalogue.revision} + 1` })
      .returning({ revision: catalogue.revision });
    if (row === undefined) throw new Error("the catalogue table has lost its row");
    return await change(transaction, row.revision);
  });
}

/** What may change on an event's own row. */
export type EventChange = Partial<
  Omit<typeof events.$inferInsert, "id" | "codeKey" | "timeZone" | "createdAtMs" | "revision">
>;

/** Writes the change to the event's row, and the revision at which the event changed. */
export async function updateEvent(
  transaction: Queryable,
  eventId: string,
  revision: number,
  change: EventChange,
): Promise<void> {
  await transaction
    .update(events)
    .set({ ...change, revision })
    .where(eq(events.id, eventId));
}
