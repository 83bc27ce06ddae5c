/**
 * The bulk insert into the ledger: one statement over a JSON array, about five times cheaper than
 * drizzle's insert of many values (docs/decisions/bulk-insert.md). drizzle names table and columns.
 */
import type { Client, InStatement } from "@libsql/client";
import { getTableColumns, getTableName } from "drizzle-orm";
import { issuances } from "../../../schema/tables.ts";
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
const insert = `INSERT INTO ${table} (${order.join(", ")}) SELECT ${fields.join(", ")} FROM json_each(?) WHERE true`;
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

/** The rows as the insert's one argument, so that they cross threads as a single string. */
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

/** Inserts all rows in one transaction or none: any conflict fails the whole statement. */
export async function insertAll(client: Client, encodedRows: string): Promise<void> {
  await client.execute({ sql: insert, args: [encodedRows] });
}

/**
 * Inserts the rows that are missing and leaves those that are there, so that a batch may be
 * delivered twice.
 *
 * @returns the rows that are still missing, because the ledger gave their member, rank or code to
 * another issuance. That must never happen; the caller reports it.
 */
export async function insertMissing(
  client: Client,
  rows: readonly IssuanceRow[],
): Promise<Contradiction[]> {
  const encodedRows = encodeRows(rows);
  const statement: InStatement = { sql: `${insert} ON CONFLICT DO NOTHING`, args: [encodedRows] };
  const { rowsAffected } = await client.execute(statement);
  if (rowsAffected === rows.length) return [];
  const found = await client.execute({ sql: contradicted, args: [encodedRows] });
  return found.rows.map((row) => ({
    eventId: String(row["event_id"]),
    rank: Number(row["rank"]),
  }));
}
