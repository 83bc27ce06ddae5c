/**
 * Makes accounts from a CSV file: all of them, or none. The lines are first read, judged, hashed
 * where they bring passwords, and staged; only then one transaction inserts them, so that the
 * database is locked no longer than that takes.
 */
import { availableParallelism } from "node:os";
import type { Readable } from "node:stream";
import { sql } from "drizzle-orm";
import { users } from "../../../schema/tables.ts";
import { type Actor, recordAudit } from "../audit.ts";
import { type Database, isLocalDatabase } from "../database.ts";
import type { Queryable } from "../events/event-rows.ts";
import { inWriteTransaction } from "../write-transaction.ts";
import { type BadLine, type ImportLine, readMemberLines } from "./import-file.ts";
import { ImportStage, type StagedRow } from "./import-stage.ts";
import { hashPassword } from "./passwords.ts";

/** Accounts in one statement: about a megabyte. */
const CHUNK_ROWS = 5_000;
/** SQLite's page cache while an import is inserted. */
const CACHE_KIB = 131_072;
/** Bad lines that are named; those beyond are only counted. */
export const MAX_NAMED_BAD_LINES = 20;
/** More accounts than this in one file would lock the database for too long. */
export const MAX_IMPORT_MEMBERS = 5_000_000;

export interface ImportOptions {
  readonly actor: Actor;
  /** Told how many accounts have been read and staged, and then how many of them are inserted. */
  readonly onProgress?: ((step: "read" | "inserted", members: number) => void) | undefined;
  /** Told once, at the first line with a plain password. */
  readonly onPlainPassword?: ((line: number) => void) | undefined;
  readonly nowMs?: number;
}

export interface ImportReport {
  readonly imported: number;
  /** How many of them brought a password that had to be hashed. */
  readonly hashed: number;
  /** How long the transaction took: meanwhile nobody else could write. */
  readonly lockedMs: number;
}

/** Lines of the file are wrong: nothing was imported. */
export class BadLinesError extends Error {
  /** The first of them, at most MAX_NAMED_BAD_LINES. */
  readonly badLines: readonly BadLine[];
  readonly count: number;

  constructor({ named, count }: BadLines) {
    super(`${count} lines are wrong`);
    this.name = "BadLinesError";
    this.badLines = named;
    this.count = count;
  }
}

/**
 * Imports the accounts.
 *
 * @throws BadLinesError when lines are wrong, or an account is there already
 */
export async function importMembers(
  database: Database,
  csv: Readable,
  { actor, onProgress, onPlainPassword, nowMs = Date.now() }: ImportOptions,
): Promise<ImportReport> {
  await using stage = await ImportStage.open();
  const bad = new BadLines();
  const { staged, hashed } = await stageLines(csv, stage, bad, { onProgress, onPlainPassword });
  if (bad.count > 0) throw new BadLinesError(bad);
  const lockedAtMs = performance.now();
  await inWriteTransaction(database, async (transaction) => {
    let inserted = 0;
    await enlargeCache(transaction, database);
    for await (const chunk of stage.chunks()) {
      for (const line of await takenLines(transaction, chunk)) bad.add(line);
      inserted += await insertChunk(transaction, chunk, nowMs);
      onProgress?.("inserted", inserted);
    }
    if (bad.count > 0) throw new BadLinesError(bad);
    const details = { imported: staged };
    await recordAudit(transaction, { actor, action: "user.import", details, atMs: nowMs });
  });
  return { imported: staged, hashed, lockedMs: Math.round(performance.now() - lockedAtMs) };
}

class BadLines {
  readonly named: BadLine[] = [];
  count = 0;

  add(line: BadLine): void {
    this.count++;
    if (this.named.length < MAX_NAMED_BAD_LINES) this.named.push(line);
  }
}

async function stageLines(
  csv: Readable,
  stage: ImportStage,
  bad: BadLines,
  { onProgress, onPlainPassword }: Pick<ImportOptions, "onProgress" | "onPlainPassword">,
): Promise<{ staged: number; hashed: number }> {
  let chunk: ImportLine[] = [];
  let staged = 0;
  let hashed = 0;
  const flush = async () => {
    addRepeats(chunk, bad);
    // Where lines are wrong nothing will be inserted: the rest is only judged.
    if (bad.count === 0) {
      const rows = await hashLines(chunk, (count) => onProgress?.("read", staged + count));
      await stage.add(rows);
    }
    staged += chunk.length;
    onProgress?.("read", staged);
    chunk = [];
  };
  for await (const line of readMemberLines(csv)) {
    if ("problem" in line) {
      bad.add(line);
      continue;
    }
    if (staged + chunk.length >= MAX_IMPORT_MEMBERS) {
      const problem = `a file may hold ${MAX_IMPORT_MEMBERS} members: split it`;
      bad.add({ line: line.line, problem });
      break;
    }
    if (line.password !== undefined && hashed++ === 0) onPlainPassword?.(line.line);
    chunk.push(line);
    if (chunk.length === CHUNK_ROWS) await flush();
  }
  await flush();
  return { staged, hashed };
}

/** Lines of one chunk that repeat another's id or e-mail; between chunks, the database finds them. */
function addRepeats(lines: readonly ImportLine[], bad: BadLines): void {
  const firstLines = { id: new Map<string, number>(), "e-mail": new Map<string, number>() };
  for (const { line, id, email } of lines) {
    for (const [column, value] of [["id", id] as const, ["e-mail", email] as const]) {
      if (value === undefined) continue;
      const first = firstLines[column].get(value);
      if (first === undefined) firstLines[column].set(value, line);
      else bad.add({ line, problem: `it repeats the ${column} of line ${first}` });
    }
  }
}

/** Hashes the plain passwords, as many at once as there are cores, and gives new ids. */
async function hashLines(
  lines: readonly ImportLine[],
  onHashed: (count: number) => void,
): Promise<StagedRow[]> {
  const rows: StagedRow[] = [];
  const atOnce = availableParallelism();
  for (let first = 0; first < lines.length; ) {
    const next = lines[first]?.password === undefined ? 1 : atOnce;
    const slice = lines.slice(first, first + next);
    rows.push(...(next === 1 ? slice.map(unhashedRow) : await Promise.all(slice.map(hashedRow))));
    if (next > 1) onHashed(first + slice.length);
    first += next;
  }
  return rows;
}

async function hashedRow(line: ImportLine): Promise<StagedRow> {
  if (line.password === undefined) return unhashedRow(line);
  return unhashedRow({ ...line, passwordHash: await hashPassword(line.password) });
}

function unhashedRow({ line, id, email, name, passwordHash, role }: ImportLine): StagedRow {
  return [line, id ?? Bun.randomUUIDv7(), email, name, passwordHash, role];
}

/**
 * Ids and e-mails come in any order, so the pages of two indexes are changed all over: SQLite's usual
 * cache of 2 MB would write each of them many times. It is the connection's, and ends with the command.
 */
async function enlargeCache(transaction: Queryable, { url }: Database): Promise<void> {
  if (isLocalDatabase(url)) await transaction.run(sql.raw(`PRAGMA cache_size = -${CACHE_KIB}`));
}

/** The lines of the chunk whose id or e-mail has a row already. */
async function takenLines(transaction: Queryable, chunk: string): Promise<BadLine[]> {
  const hasId = sql`EXISTS (SELECT 1 FROM ${users} WHERE ${users.id} = value ->> 1)`;
  const hasEmail = sql`EXISTS (SELECT 1 FROM ${users} WHERE ${users.email} = value ->> 2)`;
  const taken = await transaction.all<{ line: number; has_id: number }>(
    sql`SELECT value ->> 0 AS line, ${hasId} AS has_id FROM json_each(${chunk}) WHERE ${hasId} OR ${hasEmail}`,
  );
  return taken.map(({ line, has_id: hasSameId }) => {
    const column = hasSameId === 1 ? "id" : "e-mail";
    return { line, problem: `another member, or an earlier line, has this ${column}` };
  });
}

async function insertChunk(transaction: Queryable, chunk: string, nowMs: number): Promise<number> {
  const columns = sql.join(
    [
      users.id,
      users.email,
      users.name,
      users.passwordHash,
      users.role,
      users.active,
      users.createdAtMs,
    ].map((column) => sql.identifier(column.name)),
    sql`, `,
  );
  const inserted = await transaction.run(sql`
    INSERT INTO ${users} (${columns})
    SELECT value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, 1, ${nowMs}
    FROM json_each(${chunk}) WHERE true
    ON CONFLICT DO NOTHING`);
  return inserted.rowsAffected;
}
