/** Writes of one process to one database, one after another. */
import type { Database } from "./database.ts";

/** The last write that was asked for on each database of this process, done or failed. */
const lastWrites = new WeakMap<Database, Promise<void>>();

/**
 * Begins the write when those that were asked for before it are done.
 *
 * A call into a local libSQL file blocks the thread while it waits for the write lock. So while a
 * transaction of this thread is open, a second write of the same thread would keep the first from
 * ever being committed, and fail after ten seconds in which nothing else was done. Inside a
 * transaction nothing may be awaited but its own statements, for the same reason.
 */
export function inTurn<T>(database: Database, write: () => Promise<T>): Promise<T> {
  const before = lastWrites.get(database) ?? Promise.resolve();
  const done = before.then(write);
  lastWrites.set(
    database,
    done.then(
      () => undefined,
      () => undefined,
    ),
  );
  return done;
}
