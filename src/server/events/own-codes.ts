/** Codes that an event brings along from a file, in place of generated ones: all of them, or none. */
import { setImmediate as nextTurn } from "node:timers/promises";
import { and, eq, ne, sql } from "drizzle-orm";
import { events, importedCodes, issuances } from "../../../schema/tables.ts";
import { type Actor, recordAudit } from "../audit.ts";
import type { Database } from "../database.ts";
import { hasBegun } from "./amendment.ts";
import { changeCatalogue, updateEvent } from "./change.ts";
import type { EventDefinition } from "./event.ts";
import { EventError } from "./event-error.ts";
import { type Queryable, requireRunningEvent } from "./event-rows.ts";
import { IMPORT_ACTION } from "./imported-codes.ts";
import { countInDatabase } from "./issued.ts";
import { EVENT_LIMITS } from "./limits.ts";

/** What may stand in a URL as it is, and opens no formula in a spreadsheet. */
const CODE_PATTERN = /^[A-Za-z0-9][A-Za-z0-9._-]{3,63}$/;
/** Lines that a refusal names; the rest is counted. */
const MAX_NAMED_LINES = 5;
/** Codes looked up or inserted by one statement, after which a server's thread has a turn for claims. */
const INSERT_BATCH = 2_000;

/**
 * Gives an event the codes in a text, a line each: the first is that of rank 1. They take the place
 * of codes that were imported before.
 *
 * @returns how many there are: as many as the stock
 * @throws EventError (`invalid_codes` for too few, too many, malformed or repeated ones, `code_taken`
 * for those of other events, each with the numbers of lines; `window_begun` once its first window has
 * begun or is about to; `has_issued`)
 */
export async function importCodes(
  database: Database,
  eventId: string,
  text: string,
  { nowMs, actor = "program" }: { readonly nowMs: number; readonly actor?: Actor },
): Promise<number> {
  const codes = readLines(text);
  requireWellFormed(codes);
  requireDifferent(codes);
  return await changeCatalogue(database, async (transaction, revision) => {
    const event = await requireRunningEvent(transaction, eventId);
    await requireNothingIssued(transaction, event, nowMs);
    requireOneEach(event, codes.length);
    await transaction.delete(importedCodes).where(eq(importedCodes.eventId, eventId));
    await requireFree(transaction, eventId, codes);
    await insertCodes(transaction, eventId, codes);
    await updateEvent(transaction, eventId, revision, { codesImported: true });
    const details = { codes: codes.length };
    await recordAudit(transaction, { actor, action: IMPORT_ACTION, eventId, details, atMs: nowMs });
    return codes.length;
  });
}

/** The lines, without what surrounds them: a mark of the byte order, spaces, a last line break. */
function readLines(text: string): string[] {
  const lines = text
    .replace(/^\uFEFF/, "")
    .split("\n")
    .map((line) => line.trim());
  if (lines.at(-1) === "") lines.pop();
  if (lines.length <= EVENT_LIMITS.importedCodes) return lines;
  throw new EventError(
    "invalid_codes",
    `an event may bring ${EVENT_LIMITS.importedCodes} codes, not ${lines.length}`,
  );
}

function requireWellFormed(codes: readonly string[]): void {
  const wrong = linesWhere(codes, (code) => !CODE_PATTERN.test(code));
  if (wrong.length === 0) return;
  throw new EventError(
    "invalid_codes",
    `${nameLines(wrong)}: a code has 4 to 64 letters A to Z, a to z, digits, full stops, hyphens and underscores, and begins with a letter or digit`,
  );
}

function requireDifferent(codes: readonly string[]): void {
  const seen = new Set<string>();
  const repeated = linesWhere(codes, (code) => seen.size === seen.add(code).size);
  if (repeated.length === 0) return;
  throw new EventError(
    "invalid_codes",
    `${nameLines(repeated)}: the code stands on an earlier line already`,
  );
}

async function requireNothingIssued(
  transaction: Queryable,
  event: EventDefinition,
  nowMs: number,
): Promise<void> {
  if (hasBegun(event, nowMs)) {
    throw new EventError(
      "window_begun",
      `the first window of event ${event.id} has begun, or is about to: its codes stay as they are`,
    );
  }
  // Without a window that began nothing can be issued: this is for a ledger that was tampered with.
  if ((await countInDatabase(transaction, event.id)) === 0) return;
  throw new EventError("has_issued", `event ${event.id} has issued coupons with other codes`);
}

function requireOneEach({ id, stock }: EventDefinition, codes: number): void {
  if (codes === stock) return;
  const what = codes < stock ? `${stock - codes} too few` : `${codes - stock} too many`;
  throw new EventError(
    "invalid_codes",
    `event ${id} needs one code for each of its ${stock} coupons, and ${codes} are given: ${what}`,
  );
}

/**
 * Refuses codes that another event brought or has issued, or may yet make. Those that an event without
 * a prefix may yet make are as unlikely to be hit as to be guessed.
 */
async function requireFree(
  transaction: Queryable,
  eventId: string,
  codes: readonly string[],
): Promise<void> {
  const others = await transaction
    .select({ prefix: events.codePrefix })
    .from(events)
    .where(and(ne(events.id, eventId), ne(events.codePrefix, ""), eq(events.codesImported, false)));
  const prefixes = new Set(others.map((other) => other.prefix));
  const taken = linesWhere(codes, (code) => prefixes.has(code.slice(0, code.indexOf("-"))));
  for (let start = 0; start < codes.length; start += INSERT_BATCH) {
    const batch = JSON.stringify(codes.slice(start, start + INSERT_BATCH));
    const found = await transaction.all<{ position: number }>(sql`
      SELECT given.key AS position FROM json_each(${batch}) AS given
      WHERE EXISTS (SELECT 1 FROM ${importedCodes} WHERE ${importedCodes.code} = given.value)
        OR EXISTS (SELECT 1 FROM ${issuances} WHERE ${issuances.code} = given.value)`);
    for (const { position } of found) taken.push(start + Number(position) + 1);
    await nextTurn();
  }
  if (taken.length === 0) return;
  const lines = [...new Set(taken)].sort((one, other) => one - other);
  throw new EventError("code_taken", `${nameLines(lines)}: the code is another event's`);
}

async function insertCodes(
  transaction: Queryable,
  eventId: string,
  codes: readonly string[],
): Promise<void> {
  const { eventId: event, rank, code } = importedCodes;
  for (let start = 0; start < codes.length; start += INSERT_BATCH) {
    const batch = JSON.stringify(codes.slice(start, start + INSERT_BATCH));
    await transaction.run(sql`
      INSERT INTO ${importedCodes} (${sql.identifier(event.name)}, ${sql.identifier(rank.name)}, ${sql.identifier(code.name)})
      SELECT ${eventId}, ${start + 1} + given.key, given.value FROM json_each(${batch}) AS given`);
    await nextTurn();
  }
}

/** The numbers, from 1, of the lines of which it is true. */
function linesWhere(codes: readonly string[], isSo: (code: string) => boolean): number[] {
  return codes.flatMap((code, index) => (isSo(code) ? [index + 1] : []));
}

/** `line 3`, `lines 3, 4 and 7`, `lines 3, 4, 5, 6, 7 and 12 more`; never the codes themselves. */
function nameLines(numbers: readonly number[]): string {
  if (numbers.length === 1) return `line ${numbers[0]}`;
  const named = numbers.slice(0, MAX_NAMED_LINES);
  if (numbers.length > named.length) {
    return `lines ${named.join(", ")} and ${numbers.length - named.length} more`;
  }
  return `lines ${named.slice(0, -1).join(", ")} and ${named.at(-1)}`;
}
