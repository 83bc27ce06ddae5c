/** Says in one sentence why a database could not be opened, or used, and what to do. */
import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { LibsqlError } from "@libsql/client";
import { DrizzleQueryError } from "drizzle-orm";
import { CliError, EXIT } from "../exit-codes.ts";
import { DATABASE_SETTING, type DatabaseLocation } from "./database-location.ts";

/** What @libsql/client, or the network beneath it, threw on opening becomes an error for a person. */
export function openingFailure(error: unknown, location: DatabaseLocation): CliError {
  if (error instanceof CliError) return error;
  return new CliError(
    location.path === undefined
      ? serverFailure(error, location.label)
      : fileFailure(error, location.path, location.label),
    EXIT.failed,
  );
}

/**
 * The same of what a query threw, without the values that drizzle's error holds; any other error as
 * it is.
 */
export function queryFailure(error: unknown, location: DatabaseLocation): unknown {
  const cause = error instanceof DrizzleQueryError ? (error.cause ?? error.name) : error;
  const isDatabases = cause !== error || error instanceof LibsqlError;
  return isDatabases ? openingFailure(cause, location) : error;
}

function fileFailure(error: unknown, path: string, label: string): string {
  const code = error instanceof LibsqlError ? error.code : "";
  if (code.startsWith("SQLITE_NOTADB")) {
    return `${label} is not a SQLite database: name another file ${DATABASE_SETTING}`;
  }
  if (code.startsWith("SQLITE_BUSY")) {
    return `the database ${label} is locked by another process: try again when that has finished`;
  }
  if (code.startsWith("SQLITE_READONLY")) {
    return `the database ${label} cannot be written: give this user the right to write it and its folder`;
  }
  // The driver names SQLite's number 14 (SQLITE_CANTOPEN) in the text of a plain error.
  if (code.startsWith("SQLITE_CANTOPEN") || /: 14"?\)?$/.test(messageOf(error))) {
    return existsSync(dirname(path))
      ? `the database ${label} cannot be opened: it must be a file that this user may read and write, in a folder where they may do so too`
      : `the folder ${dirname(label)} of the database does not exist: make it, or name another place ${DATABASE_SETTING}`;
  }
  return `the database ${label} cannot be used: ${messageOf(error)}`;
}

function serverFailure(error: unknown, label: string): string {
  const message = messageOf(error);
  if (/HTTP status 40[13]/.test(message)) {
    return `the database server ${label} refuses access: set COUPONLIVE_DB_TOKEN to a token that it accepts`;
  }
  return `the database server ${label} does not answer as one (${message}): check that it runs, and its URL ${DATABASE_SETTING}`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
