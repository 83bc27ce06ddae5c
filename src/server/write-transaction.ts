/** A write transaction among those of this process on the same database. */
import { LibsqlError } from "@libsql/client";
import { type Database, reconnectAfterFailure } from "./database.ts";
import type { Queryable } from "./events/event-rows.ts";
import { withoutValuesInErrors } from "./query-error.ts";
import { inTurn } from "./turn.ts";

/**
 * Runs the work in one write transaction, after those that were asked for before it (turn.ts).
 * Whatever it throws undoes it whole. The work awaits nothing but the transaction.
 */
export async function inWriteTransaction<T>(
  database: Database,
  work: (transaction: Queryable) => Promise<T>,
): Promise<T> {
  return await inTurn(database, async () => {
    try {
      return await withoutValuesInErrors(database.orm.transaction(work));
    } catch (error) {
      // A refusal of ours has left no failed statement behind; the driver's errors have.
      if (error instanceof LibsqlError) await reconnectAfterFailure(database);
      throw error;
    }
  });
}
