/**
 * Bulk inserts into the ledger: one statement over a JSON array, about five times cheaper than
 * drizzle's insert of many values (docs/decisions/bulk-insert.md). drizzle names table and columns.
 */
import type { Client } from "@libsql/client";
import { getTableColumns, getTableName } from "drizzle-orm";
import { fences, issuances } from "../../../schema/tables.ts";
import { type Fence, StaleEntriesError } from "./fence.ts";
import type { IssuanceRow } from "./issuance.ts";

const table = getTableName(issuances);
const columns = getTableColumns(issuances);
const order = [
  columns.eventId,
  columns.rank,
  columns.userId,
  columns.code,
  columns.windowId,
  columns.issuedAtMs,
].map((column) => column.name);
const fields = order.map((_, position) => `value ->> ${position}`);

/** Inserts the elements of a table-valued `json_each`, to be completed with its FROM clause. */
export const INSERT_FROM_JSON = `INSERT INTO ${table} (${order.join(", ")}) SELECT ${fields.join(", ")}`;

const fenceColumns = getTableColumns(fences);
const fenceHolds = `EXISTS (SELECT 1 FROM ${getTableName(fences)} WHERE ${fenceColumns.eventId.name} = ? AND ${fenceColumns.instance.name} = ?)`;

const insertMissingRows = (condition: string) =>
  `${INSERT_FROM_JSON} FROM json_each(?) WHERE ${condition} ON CONFLICT DO NOTHING`;
const insertUnfenced = insertMissingRows("true");
const insertFenced = insertMissingRows(fenceHolds);
const contradicted = `
  SELECT value ->> 0 AS event_id, value ->> 1 AS rank FROM json_each(?) AS given
  WHERE NOT EXISTS (
    SELECT 1 FROM ${table} AS kept
    WHERE ${order.map((name, position) => `kept.${name} = given.value ->> ${position}`).join(" AND ")}
  )`;

/** A decided issuance that the ledger cannot hold, since it holds another in its place. */
export interface Contradiction {
  readonly eventId: string;
  readonly rank: number;
}

/** The rows as one JSON text, the argument of the bulk insert. */
export function encodeRows(rows: readonly IssuanceRow[]): string {
  return JSON.stringify(
    rows.map((row) => [
      row.eventId,
      row.rank,
      row.memberId,
      row.code,
      row.windowId,
      row.issuedAtMs,
    ]),
  );
}

/**
 * Inserts the rows that are missing and leaves those that are there, so that a batch may be
 * delivered twice.
 *
 * @param fence for rows that were read from a Redis: where that is no longer the event's instance,
 * nothing is inserted
 * @returns the rows that are still missing, because the ledger gave their member, rank or code to
 * another issuance. That must never happen; the caller reports it.
 * @throws StaleEntriesError when the fence names another instance: the rows must be read again
 */
export async function insertMissing(
  client: Client,
  rows: readonly IssuanceRow[],
  fence?: Fence,
): Promise<Contradiction[]> {
  const encodedRows = encodeRows(rows);
  const inserted = await client.execute(
    fence === undefined
      ? { sql: insertUnfenced, args: [encodedRows] }
      : { sql: insertFenced, args: [encodedRows, fence.eventId, fence.instance] },
  );
  if (inserted.rowsAffected === rows.length) return [];
  if (fence !== undefined) await requireFence(client, fence);
  const found = await client.execute({ sql: contradicted, args: [encodedRows] });
  return found.rows.map((row) => ({
    eventId: String(row["event_id"]),
    rank: Number(row["rank"]),
  }));
}

async function requireFence(client: Client, { eventId, instance }: Fence): Promise<void> {
  const found = await client.execute({
    sql: `SELECT ${fenceHolds} AS holds`,
    args: [eventId, instance],
  });
  if (Number(found.rows[0]?.["holds"]) === 1) return;
  throw new StaleEntriesError(
    "the ledger was read for another Redis since these entries were read",
  );
}
