/**
 * The embedded engine's outbox: each commit appends one row, and the ledger takes them over in
 * large steps when nobody waits. Issuances leave it only together with their arrival in the ledger.
 */
import type { Client } from "@libsql/client";
import { getTableColumns, getTableName } from "drizzle-orm";
import { outbox } from "../../../schema/tables.ts";
import type { Database } from "../database.ts";
import { INSERT_FROM_JSON } from "./insert.ts";
import type { LedgerGrant } from "./read.ts";

/** Issuances moved in one transaction: about ten milliseconds during which a commit waits. */
const MAX_ROWS_PER_MOVE = 1_000;
/** Appended rows looked at for one move. */
const MAX_ENTRIES_PER_MOVE = 256;

const table = getTableName(outbox);
const columns = getTableColumns(outbox);
const [id, rows] = [columns.id.name, columns.rows.name];

const append = `INSERT INTO ${table} (${rows}) VALUES (?)`;
const oldest = `SELECT ${id} AS id, json_array_length(${rows}) AS length FROM ${table} ORDER BY ${id} LIMIT ${MAX_ENTRIES_PER_MOVE}`;
const move = `${INSERT_FROM_JSON} FROM ${table}, json_each(${table}.${rows}) WHERE ${table}.${id} <= ? ORDER BY ${table}.${id}`;
const remove = `DELETE FROM ${table} WHERE ${id} <= ?`;
const ofEvent = `FROM ${table}, json_each(${table}.${rows}) AS given WHERE given.value ->> 0 = ?`;

/** Appends the issuances, encoded by `encodeRows`, in one commit. */
export async function appendToOutbox(client: Client, encodedRows: string): Promise<void> {
  await client.execute({ sql: append, args: [encodedRows] });
}

/**
 * Moves the oldest issuances to the ledger, in one transaction.
 *
 * @returns how many were moved; 0 when the outbox is empty
 * @throws when the ledger already gave a member, rank or code to another issuance: the outbox then
 * stays as it is, and nothing is lost
 */
export async function moveToLedger(client: Client): Promise<number> {
  const entries = (await client.execute(oldest)).rows;
  let moved = 0;
  let lastId = 0;
  for (const entry of entries) {
    if (moved > 0 && moved + Number(entry["length"]) > MAX_ROWS_PER_MOVE) break;
    moved += Number(entry["length"]);
    lastId = Number(entry["id"]);
  }
  if (moved === 0) return 0;
  await client.batch(
    [
      { sql: move, args: [lastId] },
      { sql: remove, args: [lastId] },
    ],
    "write",
  );
  return moved;
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
