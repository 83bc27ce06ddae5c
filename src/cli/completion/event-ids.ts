/** The events of a local database, read in passing: nothing is made, migrated or complained of. */
import { existsSync } from "node:fs";
import { createClient } from "@libsql/client";
import { locateDatabase } from "../../server/database-location.ts";
import type { Suggestion } from "./suggest.ts";

/** More are of no help to anybody who looks for one. */
const MAX_EVENTS = 500;
/** Somebody waits at the keyboard. */
const BUSY_TIMEOUT_MS = 200;

/** The ids with the names; none where the database is another machine's, not there, or not ours. */
export async function readEventIds(db: string): Promise<Suggestion[]> {
  const { url, path } = locateDatabase(db);
  if (path === undefined || !existsSync(path)) return [];
  const client = createClient({ url, timeout: BUSY_TIMEOUT_MS });
  try {
    const { rows } = await client.execute(`SELECT id, name FROM events LIMIT ${MAX_EVENTS}`);
    // Neither holds what would end the line: both were checked when the event was made.
    return rows.map((row) => ({ word: String(row["id"]), description: String(row["name"]) }));
  } catch {
    return [];
  } finally {
    client.close();
  }
}
