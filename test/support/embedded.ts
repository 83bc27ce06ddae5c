/** An embedded engine over a real ledger in a temporary folder. */
import { join } from "node:path";
import { EmbeddedEngine, type GrantStore } from "../../src/server/claims/embedded-engine.ts";
import { type Database, openDatabase } from "../../src/server/database.ts";
import type { EventDefinition } from "../../src/server/events/event.ts";
import { CommitThread } from "../../src/server/ledger/commit-thread.ts";
import { countOutbox } from "../../src/server/ledger/outbox.ts";
import { type Verification, verifyEvent } from "../../src/server/ledger/verify.ts";
import { temporaryDirectory } from "./temp.ts";

export interface EmbeddedParts {
  readonly path: string;
  readonly database: Database;
  /** A new engine on the ledger; `wrap` may stand between it and the thread that commits. */
  create(wrap?: (store: GrantStore) => GrantStore): Promise<EmbeddedEngine>;
}

/** Opens an empty ledger. */
export async function embeddedParts(nowMs: () => number = Date.now): Promise<EmbeddedParts> {
  const path = join(temporaryDirectory().path, "ledger.db");
  const database = await openDatabase(path);
  const fail = (reason: unknown) => {
    throw new Error("the ledger's thread failed", { cause: reason });
  };
  return {
    path,
    database,
    create: async (wrap = (store) => store) => {
      const thread = new CommitThread({
        onDeath: fail,
        onContradiction: fail,
        onMoveFailure: () => undefined,
      });
      await thread.open({ db: path, dbToken: undefined });
      return new EmbeddedEngine({
        database,
        store: wrap(thread),
        nowMs,
        onFailure: () => undefined,
      });
    },
  };
}

/** Verifies the event once its outbox is empty. */
export async function verifyWhenDrained(
  database: Database,
  event: EventDefinition,
): Promise<Verification> {
  while ((await countOutbox(database, event.id)) > 0) await Bun.sleep(5);
  return await verifyEvent(database, event);
}
