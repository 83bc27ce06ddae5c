/** What commands that work on the database share: their options, its opening, their output. */
import type { Command } from "commander";
import { readDatabaseConfig } from "../config.ts";
import type { Database } from "../server/database.ts";

export interface DatabaseFlags {
  readonly db?: string;
  readonly json?: true;
}

/** Adds `--db` and `--json`. */
export function withDatabaseOptions(command: Command): Command {
  return command
    .option("--db <path>", "the database, a path or a libsql: URL (COUPONLIVE_DB)")
    .option("--json", "print JSON");
}

/** Opens the configured database for the work, and closes it whatever becomes of that. */
export async function onDatabase(
  flags: DatabaseFlags,
  work: (database: Database) => Promise<void>,
): Promise<void> {
  const { openDatabase } = await import("../server/database.ts");
  const { db, dbToken } = readDatabaseConfig(flags);
  const database = await openDatabase(db, dbToken);
  try {
    await work(database);
  } finally {
    database.close();
  }
}

/** Writes text as it is, anything else as JSON. */
export function print(output: string | object): void {
  const text = typeof output === "string" ? output : JSON.stringify(output, null, 2);
  process.stdout.write(`${text}\n`);
}
