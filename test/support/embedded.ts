/** An embedded engine over a real ledger in a temporary folder. */
import { join } from "node:path";
import { EmbeddedEngine, type GrantStore } from "../../src/server/claims/embedded-engine.ts";
import { type Database, openDatabase } from "../../src/server/database.ts";
import { CommitThread } from "../../src/server/ledger/commit-thread.ts";
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
  const die = (error: Error) => {
    throw error;
  };
  return {
    path,
    database,
    create: async (wrap = (store) => store) =>
      new EmbeddedEngine({
        database,
        store: wrap(await CommitThread.open({ db: path, dbToken: undefined }, die)),
        nowMs,
        onCommitFailure: () => undefined,
      }),
  };
}
