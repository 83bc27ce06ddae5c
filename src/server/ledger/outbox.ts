/**
 * The embedded engine's outbox: each commit appends one row, and the ledger takes them over in
 * large steps when nobody waits. Issuances leave it only together with their arrival in the ledger.
 */
import { LibsqlError } from "@libsql/client";
import { getTableColumns, getTableName } from "drizzle-orm";
import { outbox } from "../../../schema/tables.ts";
import { type Database, reconnectAfterFailure } from "../database.ts";
import { INSERT_FROM_JSON } from "./insert.ts";
import type { LedgerGrant } from "./read.ts";

/** Issuances moved in one transaction: about ten milliseconds during which a commit waits. */
const MAX_ROWS_PER_MOVE = 1_000;
/** Appended rows looked at for one move. */
const MAX_ENTRIES_PER_MOVE = 256;

const table = getTableName(outbox);
const columns = getTableColumns(outbox);
const [id, rows, refused] = [columns.id.name, columns.rows.name, columns.refused.name];

const append = `INSERT INTO ${table} (${rows}) VALUES (?)`;
const oldest = `SELECT ${id} AS id, json_array_length(${rows}) AS issuances FROM ${table} WHERE NOT ${refused} ORDER BY ${id} LIMIT ${MAX_ENTRIES_PER_MOVE}`;
const span = `${table}.${id} BETWEEN ? AND ? AND NOT ${refused}`;
const move = `${INSERT_FROM_JSON} FROM ${table}, json_each(${table}.${rows}) WHERE ${span} ORDER BY ${table}.${id}`;
const remove = `DELETE FROM ${table} WHERE ${span}`;
const refuse = `UPDATE ${table} SET ${refused} = 1 WHERE ${id} = ?`;
const ofEvent = `FROM ${table}, json_each(${table}.${rows}) AS given WHERE given.value ->> 0 = ?`;

/** Appends the issuances, encoded by `encodeRows`, in one commit. */
export async function appendToOutbox(database: Database, encodedRows: string): Promise<void> {
  try {
    await database.client.execute({ sql: append, args: [encodedRows] });
  } catch (error) {
    await reconnectAfterFailure(database);
    throw error;
  }
}

export interface Move {
  /** Issuances that left the outbox, or were marked as refused: 0 when nothing is left to move. */
  readonly taken: number;
  /** Outbox rows that the ledger contradicts; they stay in the outbox and are not tried again. */
  readonly refusedIds: readonly number[];
}

/**
 * Moves the oldest issuances to the ledger in one transaction; where the ledger already gave a
 * member, rank or code to another issuance, one outbox row after the other.
 */
export async function moveToLedger(database: Database): Promise<Move> {
  const found = (await database.client.execute(oldest)).rows;
  const entries: { id: number; issuances: number }[] = [];
  let taken = 0;
  for (const row of found) {
    const entry = { id: Number(row["id"]), issuances: Number(row["issuances"]) };
    if (taken > 0 && taken + entry.issuances > MAX_ROWS_PER_MOVE) break;
    taken += entry.issuances;
    entries.push(entry);
  }
  const [first, last] = [entries.at(0), entries.at(-1)];
  if (first === undefined || last === undefined) return { taken: 0, refusedIds: [] };
  if (await moveSpan(database, first.id, last.id)) return { taken, refusedIds: [] };
  const refusedIds: number[] = [];
  for (const entry of entries) {
    if (await moveSpan(database, entry.id, entry.id)) continue;
    await database.client.execute({ sql: refuse, args: [entry.id] });
    refusedIds.push(entry.id);
  }
  return { taken, refusedIds };
}

/** False when the ledger contradicts one of the issuances; nothing is moved then. */
async function moveSpan(database: Database, firstId: number, lastId: number): Promise<boolean> {
  const args = [firstId, lastId];
  try {
    await database.client.batch(
      [
        { sql: move, args },
        { sql: remove, args },
      ],
      "write",
    );
    return true;
  } catch (error) {
    await reconnectAfterFailure(database);
    if (error instanceof LibsqlError && error.code.startsWith("SQLITE_CONSTRAINT")) return false;
    throw error;
  }
}

/** What an event has issued that is not in the ledger yet. */
export async function readOutbox(database: Database, eventId: string): Promise<LedgerGrant[]> {
  const fields =
    "value ->> 1 AS rank, value ->> 2 AS member_id, value ->> 4 AS window_id, value ->> 5 AS issued_at";
  const found = await database.client.execute({
    sql: `SELECT ${fields} ${ofEvent}`,
    args: [eventId],
  });
  return found.rows.map((row) => ({
    memberId: String(row["member_id"]),
    rank: Number(row["rank"]),
    windowId: Number(row["window_id"]),
    issuedAtMs: Number(row["issued_at"]),
  }));
}

/** How many coupons of the event wait in the outbox. */
export async function countOutbox(database: Database, eventId: string): Promise<number> {
  const found = await database.client.execute({
    sql: `SELECT count(*) AS waiting ${ofEvent}`,
    args: [eventId],
  });
  return Number(found.rows[0]?.["waiting"]);
}
