/** Opens the SQL database and brings it to the newest schema. */
import { closeSync, existsSync, openSync } from "node:fs";
import { type Client, createClient } from "@libsql/client";
import { drizzle, type LibSQLDatabase } from "drizzle-orm/libsql";
import { type Migration, migrations } from "../../schema/migrations.ts";
import { CliError, EXIT } from "../exit-codes.ts";
import { openingFailure } from "./database-failure.ts";
import { DATABASE_SETTING, type DatabaseLocation, locateDatabase } from "./database-location.ts";

/** How long a statement waits for another process's write lock before it fails. */
const BUSY_TIMEOUT_MS = 10_000;

/** Connections of one client to a local file: one in a transaction, one for the statements beside it. */
const LOCAL_CONNECTIONS = 2;

/** Of a new file: it holds the keys that codes are made from, and password hashes. */
const OWNER_ONLY = 0o600;

export interface Database {
  readonly url: string;
  readonly client: Client;
  readonly orm: LibSQLDatabase;
  /**
   * Moves what is committed from the write-ahead log to the file, as far as nobody is in the way,
   * so that the file alone is complete. What is committed is safe without it: it never fails.
   */
  checkpoint(): Promise<void>;
  close(): void;
}

export interface OpenOptions {
  /** False for what only reads: a database that is not there is then an error. */
  readonly create?: boolean;
}

/** The URL by which @libsql/client opens what `--db` names; see locateDatabase for what it throws. */
export function databaseUrl(pathOrUrl: string): string {
  return locateDatabase(pathOrUrl).url;
}

/** True for a database that is a file of this machine. */
export function isLocalDatabase(url: string): boolean {
  return url.startsWith("file:");
}

/**
 * Opens the database, sets it to write-ahead logging where it is a local file (`synchronous` stays
 * at SQLite's FULL: a commit is on the disk when it returns) and applies missing migrations.
 *
 * @throws CliError when it cannot be opened, is not there and is not to be made, belongs to
 * another program, or was migrated further by a newer couponlive than this one knows.
 */
export async function openDatabase(
  pathOrUrl: string,
  authToken?: string,
  { create = true }: OpenOptions = {},
): Promise<Database> {
  const location = locateDatabase(pathOrUrl);
  if (!create && location.path !== undefined && !existsSync(location.path)) {
    throw missing(location);
  }
  if (create && location.path !== undefined) makePrivateFile(location.path);
  let client: Client | undefined;
  try {
    client = connect(location, authToken);
    await requireOwnDatabase(client, location, create);
    if (location.path !== undefined) await client.execute("PRAGMA journal_mode = WAL");
    await migrate(client, migrations);
  } catch (error) {
    client?.close();
    throw openingFailure(error, location);
  }
  return databaseOf(client, location);
}

/** Where there is none, makes the file that SQLite is to fill; its companions get the same mode. */
function makePrivateFile(path: string): void {
  try {
    closeSync(openSync(path, "ax", OWNER_ONLY));
  } catch {
    // It is there, or cannot be: SQLite will find out, and say why.
  }
}

function connect({ url, path }: DatabaseLocation, authToken: string | undefined): Client {
  return createClient({
    url,
    timeout: BUSY_TIMEOUT_MS,
    ...(path === undefined ? {} : { concurrency: LOCAL_CONNECTIONS }),
    ...(authToken === undefined ? {} : { authToken }),
  });
}

function databaseOf(client: Client, { url, path }: DatabaseLocation): Database {
  return {
    url,
    client,
    orm: drizzle(client),
    checkpoint: async () => {
      if (path === undefined) return;
      await client.execute("PRAGMA wal_checkpoint(PASSIVE)").catch(() => undefined);
    },
    close: () => client.close(),
  };
}

/** Another program's tables are never migrated, and an empty database is filled only on purpose. */
async function requireOwnDatabase(
  client: Client,
  location: DatabaseLocation,
  create: boolean,
): Promise<void> {
  const tables = await client.execute(
    `SELECT name, sql FROM sqlite_master WHERE type = 'table'
      AND substr(name, 1, 7) NOT IN ('sqlite_', 'libsql_') AND substr(name, 1, 1) <> '_'`,
  );
  // Others have a table of this name too: it is ours when it has our column.
  const isOurs = tables.rows.some(
    (row) => row["name"] === "schema_migrations" && String(row["sql"]).includes("applied_at"),
  );
  if (isOurs) return;
  if (tables.rows.length > 0) {
    throw new CliError(
      `${location.label} is the database of another program: name another one ${DATABASE_SETTING}`,
      EXIT.failed,
    );
  }
  if (!create) throw missing(location);
}

function missing({ label }: DatabaseLocation): CliError {
  return new CliError(`there is no database at ${label} ${DATABASE_SETTING}`, EXIT.failed);
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
      throw new CliError(
        `the database was written by a newer couponlive (it has migration ${unknown[0]}): use that version`,
        EXIT.failed,
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

export interface MigrationFacts {
  readonly applied: number;
  /** Those that this program knows. */
  readonly known: number;
  /** The name of the last one that was applied. */
  readonly latest: string;
}

/** Which migrations the database has. */
export async function readMigrations(client: Client): Promise<MigrationFacts> {
  const { rows } = await client.execute("SELECT name FROM schema_migrations ORDER BY name");
  const latest = String(rows.at(-1)?.["name"] ?? "");
  return { applied: rows.length, known: migrations.length, latest };
}

async function appliedCount(client: Client): Promise<number> {
  const table = await client.execute(
    "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'schema_migrations'",
  );
  if (table.rows.length === 0) return 0;
  const count = await client.execute("SELECT count(*) AS n FROM schema_migrations");
  return Number(count.rows[0]?.["n"]);
}
