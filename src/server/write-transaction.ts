/** Write transactions of one process on one database: one after another. */
import { LibsqlError } from "@libsql/client";
import { DrizzleQueryError } from "drizzle-orm";
import { type Database, reconnectAfterFailure } from "./database.ts";
import type { Queryable } from "./events/event-rows.ts";
import { withoutValuesInErrors } from "./query-error.ts";

/** The last write that was asked for on each database of this process, done or failed. */
const lastWrites = new WeakMap<Database, Promise<void>>();

/**
 * Runs the work in one write transaction. Whatever it throws undoes it whole. It may await nothing
 * but the transaction's own statements, and a turn of the event loop between many of them: a local
 * file answers in the same turn, so that without one the thread would do nothing else to the end.
 */
export async function inWriteTransaction<T>(
  database: Database,
  work: (transaction: Queryable) => Promise<T>,
): Promise<T> {
  return await inTurn(database, () => withoutValuesInErrors(database.orm.transaction(work)));
}

/**
 * Begins a write when those that were asked for before it are done.
 *
 * A call into a local libSQL file blocks the thread while it waits for the write lock. So while a
 * transaction of this thread is open, a second write of the same thread would keep the first from
 * ever being committed, and fail after ten seconds in which nothing else was done.
 */
export function inTurn<T>(database: Database, write: () => Promise<T>): Promise<T> {
  const before = lastWrites.get(database) ?? Promise.resolve();
  const done = before.then(async () => {
    try {
      return await write();
    } catch (error) {
      // A refusal of ours has left no failed statement behind; the driver's errors have.
      const cause = error instanceof DrizzleQueryError ? error.cause : error;
      if (cause instanceof LibsqlError) await reconnectAfterFailure(database);
      throw error;
    }
  });
  lastWrites.set(
    database,
    done.then(
      () => undefined,
      () => undefined,
    ),
  );
  return done;
}
