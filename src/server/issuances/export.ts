/** All issuances of an event as a file, a page at a time: memory does not grow with the event. */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Database } from "../database.ts";
import { couponForRank, couponValidUntilMs, type EventDefinition } from "../events/event.ts";
import { csvLine } from "./csv.ts";
import { type Issuance, isoTime, isoTimeOrNull, issuanceJson } from "./issuance.ts";
import { type IssuanceFilter, readIssuances } from "./read.ts";

export const EXPORT_FORMATS = ["csv", "ndjson"] as const;

export type ExportFormat = (typeof EXPORT_FORMATS)[number];

/** The heading of the CSV file. Columns are only ever added, at the end: docs/issuances.md. */
export const CSV_COLUMNS = [
  "rank",
  "member_id",
  "code",
  "coupon_kind",
  "coupon_value",
  "window_id",
  "issued_at",
  "valid_until",
  "status",
  "redeemed_at",
  "revoked_at",
  "revocation_reason",
] as const;

export interface ExportChunk {
  readonly text: string;
  /** Issuances in all chunks so far. */
  readonly rows: number;
}

/**
 * The file's text in chunks of some hundred issuances, by rank. What is not in the ledger when its
 * turn comes is not in the file.
 */
export async function* exportIssuances(
  database: Database,
  event: EventDefinition,
  format: ExportFormat,
  filter: IssuanceFilter = {},
): AsyncGenerator<ExportChunk> {
  let rows = 0;
  if (format === "csv") yield { text: csvLine(CSV_COLUMNS), rows };
  const toLine = format === "csv" ? toCsv : toJsonLine;
  for await (const page of readIssuances(database, event.id, filter)) {
    rows += page.length;
    yield { text: page.map((issuance) => toLine(event, issuance)).join(""), rows };
    // A server goes on serving between two pages.
    await nextTurn();
  }
}

function toJsonLine(event: EventDefinition, issuance: Issuance): string {
  return `${JSON.stringify({ eventId: event.id, ...issuanceJson(event, issuance) })}\n`;
}

function toCsv(event: EventDefinition, issuance: Issuance): string {
  const { kind, value } = couponForRank(event.coupons, issuance.rank);
  return csvLine([
    issuance.rank,
    issuance.memberId,
    issuance.code,
    kind,
    value,
    issuance.windowId,
    isoTime(issuance.issuedAtMs),
    isoTimeOrNull(couponValidUntilMs(event, issuance.issuedAtMs)),
    issuance.status,
    isoTimeOrNull(issuance.redeemedAtMs),
    isoTimeOrNull(issuance.revokedAtMs),
    issuance.revocationReason,
  ]);
}
