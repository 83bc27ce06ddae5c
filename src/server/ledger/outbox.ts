/**
 * The embedded engine's outbox: each commit appends one row, and the ledger takes them over in
 * large steps when nobody waits. Issuances leave it only together with their arrival in the ledger.
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import { LibsqlError, type Row } from "@libsql/client";
import { getTableColumns, getTableName, sql } from "drizzle-orm";
import { events, outbox } from "../../../schema/tables.ts";
import { type Database, reconnectAfterFailure } from "../database.ts";
import type { Queryable } from "../events/event-rows.ts";
import { inWriteTransaction } from "../write-transaction.ts";
import { INSERT_FROM_JSON } from "./insert.ts";
import type { IssuanceRow } from "./issuance.ts";
import type { LedgerGrant } from "./read.ts";

/** Issuances moved in one transaction: about ten milliseconds during which a commit waits. */
const MAX_ROWS_PER_MOVE = 1_000;
/** Appended rows looked at for one move. */
const MAX_ENTRIES_PER_MOVE = 256;
/** Appended rows read at once by who looks for something in them: a few milliseconds. */
const ENTRIES_PER_PAGE = 64;

const table = getTableName(outbox);
const columns = getTableColumns(outbox);
const [id, rows, refused] = [columns.id.name, columns.rows.name, columns.refused.name];

const eventTable = getTableName(events);
const event = getTableColumns(events);
/** As many of the given [event, last rank] as the events, being there, still allow. */
const allowed = `SELECT count(*) FROM json_each(?) AS last JOIN ${eventTable} ON ${eventTable}.${event.id.name} = last.value ->> 0
  WHERE ${event.stock.name} + ${event.returned.name} >= last.value ->> 1`;
const append = `INSERT INTO ${table} (${rows}) SELECT ? WHERE (${allowed}) = ?`;
const oldest = `SELECT ${id} AS id, json_array_length(${rows}) AS issuances FROM ${table} WHERE NOT ${refused} ORDER BY ${id} LIMIT ${MAX_ENTRIES_PER_MOVE}`;
const oldestIssuedAt = `SELECT ${rows} ->> '$[0][5]' AS issued_at FROM ${table} WHERE NOT ${refused} ORDER BY ${id} LIMIT 1`;
const span = `${table}.${id} BETWEEN ? AND ? AND NOT ${refused}`;
const move = `${INSERT_FROM_JSON} FROM ${table}, json_each(${table}.${rows}) WHERE ${span} ORDER BY ${table}.${id}`;
const remove = `DELETE FROM ${table} WHERE ${span}`;
const refuse = `UPDATE ${table} SET ${refused} = 1 WHERE ${id} = ?`;
const pageOfIds = `SELECT ${id} AS id FROM ${table} WHERE ${id} > ? ORDER BY ${id} LIMIT ${ENTRIES_PER_PAGE}`;
const grantFields =
  "value ->> 1 AS rank, value ->> 2 AS member_id, value ->> 4 AS window_id, value ->> 5 AS issued_at";
const ofEvent = `FROM ${table}, json_each(${table}.${rows}) AS given WHERE given.value ->> 0 = ?`;

/** The last rank of each event in what is appended, ascending within an event as it is decided. */
export type LastRanks = readonly (readonly [eventId: string, rank: number])[];

/** The last ranks of rows in which each event's ranks ascend. */
export function lastRanksOf(issued: readonly IssuanceRow[]): LastRanks {
  return [...new Map(issued.map((row) => [row.eventId, row.rank]))];
}

/** An event's stock was lowered, or the event deleted, after the engine last heard of it. */
export class NoStockError extends Error {
  constructor() {
    super("an event has less stock than was decided by, or is gone: nothing was issued");
  }
}

/**
 * Appends the issuances, encoded by `encodeRows`, in one commit, where the events as they are in
 * this very commit allow their last ranks: whoever lowers a stock or deletes an event can rely on
 * what he counts in his transaction (docs/decisions/lowering-stock.md).
 *
 * @throws NoStockError when they do not; nothing is appended then
 */
export async function appendToOutbox(
  database: Database,
  encodedRows: string,
  lastRanks: LastRanks,
): Promise<void> {
  let appended: number;
  try {
    const args = [encodedRows, JSON.stringify(lastRanks), lastRanks.length];
    appended = (await database.client.execute({ sql: append, args })).rowsAffected;
  } catch (error) {
    await reconnectAfterFailure(database);
    throw error;
  }
  if (appended === 0) throw new NoStockError();
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
  const found = await database.client.execute({
    sql: `SELECT ${grantFields} ${ofEvent}`,
    args: [eventId],
  });
  return found.rows.map(toGrant);
}

/** The same a page at a time, for who must not block a thread that serves; the oldest first. */
export async function* pageOutbox(
  database: Database,
  eventId: string,
): AsyncGenerator<readonly LedgerGrant[]> {
  let lastId = 0;
  for (;;) {
    const ids = (await database.client.execute({ sql: pageOfIds, args: [lastId] })).rows;
    const end = ids.at(-1);
    if (end === undefined) return;
    const found = await database.client.execute({
      sql: `SELECT ${grantFields} ${ofEvent} AND ${table}.${id} > ? AND ${table}.${id} <= ?`,
      args: [eventId, lastId, Number(end["id"])],
    });
    lastId = Number(end["id"]);
    yield found.rows.map(toGrant);
    await nextTurn();
  }
}

/**
 * Moves one issuance to the ledger ahead of those that wait before it, for who must change it now.
 * Does nothing where it has left the outbox already.
 */
export async function moveOneToLedger(
  database: Database,
  eventId: string,
  rank: number,
): Promise<void> {
  const isIt = sql`value ->> 0 = ${eventId} AND value ->> 1 = ${rank}`;
  // Before the transaction: it looks at all that waits, for which nobody should have to wait.
  const [holder] = await database.orm.all<{ id: number }>(
    sql`SELECT ${outbox}.id AS id FROM ${outbox}, json_each(${outbox.rows}) WHERE ${isIt} AND NOT ${outbox.refused}`,
  );
  if (holder === undefined) return;
  const held = sql`${outbox.id} = ${holder.id}`;
  await inWriteTransaction(database, async (transaction) => {
    await transaction.run(
      sql`${sql.raw(INSERT_FROM_JSON)} FROM ${outbox}, json_each(${outbox.rows}) WHERE ${held} AND ${isIt}`,
    );
    await transaction.run(
      sql`UPDATE ${outbox} SET rows = (SELECT json_group_array(json(value)) FROM json_each(${outbox.rows}) WHERE NOT (${isIt})) WHERE ${held}`,
    );
    await transaction.run(
      sql`DELETE FROM ${outbox} WHERE ${held} AND json_array_length(${outbox.rows}) = 0`,
    );
  });
}

function toGrant(row: Row): LedgerGrant {
  return {
    memberId: String(row["member_id"]),
    rank: Number(row["rank"]),
    windowId: Number(row["window_id"]),
    issuedAtMs: Number(row["issued_at"]),
  };
}

/** When the oldest issuance was decided that waits in the outbox for the ledger; null without one. */
export async function oldestInOutboxAtMs(database: Database): Promise<number | null> {
  const [row] = (await database.client.execute(oldestIssuedAt)).rows;
  return row === undefined ? null : Number(row["issued_at"]);
}

/** How many coupons of the event wait in the outbox. */
export async function countOutbox(database: Database, eventId: string): Promise<number> {
  return await countOutboxWithin(database.orm, eventId);
}

/** The same, as a transaction sees it. */
export async function countOutboxWithin(queryable: Queryable, eventId: string): Promise<number> {
  const found = await queryable.get<{ waiting: number }>(
    sql`SELECT count(*) AS waiting FROM ${outbox}, json_each(${outbox.rows}) AS given
      WHERE given.value ->> 0 = ${eventId}`,
  );
  return Number(found.waiting);
}

/** How many coupons of the event the ledger refuses to take from the outbox, which keeps them. */
export async function countRefused({ orm }: Database, eventId: string): Promise<number> {
  const found = await orm.get<{ refused: number }>(
    sql`SELECT count(*) AS refused FROM ${outbox}, json_each(${outbox.rows}) AS given
      WHERE ${outbox.refused} AND given.value ->> 0 = ${eventId}`,
  );
  return Number(found.refused);
}
