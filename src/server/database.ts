/** Opens the SQL database and brings it to the newest schema. */
import { type Client, createClient } from "@libsql/client";
import { drizzle, type LibSQLDatabase } from "drizzle-orm/libsql";
import { type Migration, migrations } from "../../schema/migrations.ts";

/** How long a statement waits for another process's write lock before it fails. */
const BUSY_TIMEOUT_MS = 10_000;

/** Connections of one client to a local file: one in a transaction, one for the statements beside it. */
const LOCAL_CONNECTIONS = 2;

export interface Database {
  readonly url: string;
  readonly client: Client;
  readonly orm: LibSQLDatabase;
  close(): void;
}

export class NewerDatabaseError extends Error {}

/** `./a/b.db` and `file:b.db` are local files; `libsql://…`, `http(s)://…` name a libSQL server. */
export function databaseUrl(pathOrUrl: string): string {
  return /^(file|libsql|https?|wss?):/.test(pathOrUrl) ? pathOrUrl : `file:${pathOrUrl}`;
}

/** True for a database that is a file of this machine. */
export function isLocalDatabase(url: string): boolean {
  return url.startsWith("file:");
}

/**
 * Opens the database, sets it to write-ahead logging where it is a local file (`synchronous` stays
 * at SQLite's FULL: a commit is on the disk when it returns) and applies missing migrations.
 *
 * @throws NewerDatabaseError when a newer couponlive has migrated it further than this one knows.
 */
export async function openDatabase(pathOrUrl: string, authToken?: string): Promise<Database> {
  const url = databaseUrl(pathOrUrl);
  const client = createClient({
    url,
    timeout: BUSY_TIMEOUT_MS,
    ...(isLocalDatabase(url) ? { concurrency: LOCAL_CONNECTIONS } : {}),
    ...(authToken === undefined ? {} : { authToken }),
  });
  try {
    if (isLocalDatabase(url)) await client.execute("PRAGMA journal_mode = WAL");
    await migrate(client, migrations);
  } catch (error) {
    client.close();
    throw error;
  }
  return { url, client, orm: drizzle(client), close: () => client.close() };
}

/**
 * Drops the database's connections after a failed write, and opens new ones with the next statement.
 *
 * @libsql/client (0.18) does not finalize a statement that failed. While such a statement lives,
 * SQLite reports later writes on its connection as done without committing them: an acknowledged
 * write would be lost. So this must follow every write that failed in the driver.
 */
export async function reconnectAfterFailure(database: Database): Promise<void> {
  await database.client.reconnect();
}

/**
 * Applies what is missing of the migrations, each in a transaction with the note that it was
 * applied, so that processes that start together apply it once.
 */
export async function migrate(client: Client, all: readonly Migration[]): Promise<void> {
  if ((await appliedCount(client)) === all.length) return;
  const transaction = await client.transaction("write");
  try {
    await transaction.execute(
      "CREATE TABLE IF NOT EXISTS schema_migrations (name TEXT PRIMARY KEY, applied_at INTEGER NOT NULL)",
    );
    const rows = (await transaction.execute("SELECT name FROM schema_migrations")).rows;
    const applied = new Set(rows.map((row) => String(row["name"])));
    const known = new Set(all.map((migration) => migration.name));
    const unknown = [...applied].filter((name) => !known.has(name));
    if (unknown.length > 0) {
      throw new NewerDatabaseError(
        `the database was written by a newer couponlive (it has migration ${unknown[0]}): use that version`,
      );
    }
    for (const migration of all) {
      if (applied.has(migration.name)) continue;
      await transaction.executeMultiple(migration.sql.replaceAll("--> statement-breakpoint", ""));
      await transaction.execute({
        sql: "INSERT INTO schema_migrations (name, applied_at) VALUES (?, ?)",
        args: [migration.name, Date.now()],
      });
    }
    await transaction.commit();
  } finally {
    transaction.close();
  }
}

async function appliedCount(client: Client): Promise<number> {
  const table = await client.execute(
    "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'schema_migrations'",
  );
  if (table.rows.length === 0) return 0;
  const count = await client.execute("SELECT count(*) AS n FROM schema_migrations");
  return Number(count.rows[0]?.["n"]);
}
