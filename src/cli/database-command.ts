/** What commands that work on the database share: their options, its opening, their output. */
import { type Command, Option } from "commander";
import { DEFAULTS, readDatabaseConfig } from "../config.ts";
import type { Database } from "../server/database.ts";

export interface DatabaseFlags {
  readonly db?: string;
  readonly json?: true;
}

/** `create` makes a database that is not there; the others say that there is none. */
export type Access = "create" | "change" | "read";

/** Adds `--db` and `--json`. */
export function withDatabaseOptions(command: Command): Command {
  return command.addOption(databaseOption()).option("--json", "print JSON");
}

/** `--db`, as every command describes it that has the usual default. */
export function databaseOption(): Option {
  return new Option(
    "--db <path-or-url>",
    `the SQL database: a file, or the URL of a libSQL server (COUPONLIVE_DB; default: ${DEFAULTS.db})`,
  );
}

/**
 * Opens the configured database for the work, and closes it whatever becomes of that.
 *
 * @throws CliError where the database fails; what else the work throws, as it is
 */
export async function onDatabase(
  flags: DatabaseFlags,
  access: Access,
  work: (database: Database) => Promise<void>,
): Promise<void> {
  const { openDatabase } = await import("../server/database.ts");
  const { db, dbToken } = readDatabaseConfig(flags);
  const database = await openDatabase(db, dbToken, { create: access === "create" });
  try {
    await work(database);
    if (access !== "read") await database.checkpoint();
  } catch (error) {
    const { queryFailure } = await import("../server/database-failure.ts");
    const { locateDatabase } = await import("../server/database-location.ts");
    throw queryFailure(error, locateDatabase(db));
  } finally {
    database.close();
  }
}

/** Writes text as it is, anything else as JSON. */
export function print(output: string | object): void {
  const text = typeof output === "string" ? output : JSON.stringify(output, null, 2);
  process.stdout.write(`${text}\n`);
}
