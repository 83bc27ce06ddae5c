/** A ledger that takes nothing for a while, so that what is decided waits for it. */
import type { Database } from "../../src/server/database.ts";
import { countOutbox } from "../../src/server/ledger/outbox.ts";

/** From here on every issuance is refused for a reason that may pass, as a full disk is one. */
export async function blockLedger({ client }: Database): Promise<void> {
  await client.execute(
    "CREATE TRIGGER blocked BEFORE INSERT ON issuances BEGIN SELECT json('{'); END",
  );
}

/** Resolves when a server has brought what waited in the event's outbox to the ledger. */
export async function unblockLedger(database: Database, eventId: string): Promise<void> {
  await database.client.execute("DROP TRIGGER blocked");
  while ((await countOutbox(database, eventId)) > 0) await Bun.sleep(20);
}
