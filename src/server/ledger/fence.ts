/**
 * The fence between a Redis that lost its last writes and the ledger: names for each event the Redis
 * instance from which entries may come (docs/decisions/redis-restore.md).
 */

import { fences } from "../../../schema/tables.ts";
import type { Database } from "../database.ts";
import { inTurn } from "../write-transaction.ts";

/** Under which instance of Redis the rows to insert were read. */
export interface Fence {
  readonly eventId: string;
  readonly instance: string;
}

/** Entries were read from another Redis instance than the one that the ledger was read for. */
export class StaleEntriesError extends Error {}

/**
 * From when this resolves, no entry that was read from another instance reaches the ledger; one
 * that reached it before is seen by whoever reads the ledger now.
 */
export async function raiseFence(database: Database, fence: Fence): Promise<void> {
  await inTurn(database, async () => {
    await database.orm
      .insert(fences)
      .values(fence)
      .onConflictDoUpdate({ target: fences.eventId, set: { instance: fence.instance } });
  });
}
