/** Issuances as an engine would have decided them, for tests of what comes after. */
import { codeForRank } from "../../src/server/claims/code.ts";
import type { Database } from "../../src/server/database.ts";
import {
  addWindows,
  createEvent,
  findEvent,
  type NewEvent,
} from "../../src/server/events/administration.ts";
import type { EventDefinition } from "../../src/server/events/event.ts";
import { encodeRows, insertMissing } from "../../src/server/ledger/insert.ts";
import type { IssuanceRow } from "../../src/server/ledger/issuance.ts";
import { appendToOutbox, lastRanksOf } from "../../src/server/ledger/outbox.ts";

/** An event with one window, which opens at this moment. */
export async function eventWithWindow(
  database: Database,
  input: NewEvent,
  opensAtMs: number,
): Promise<EventDefinition> {
  const { id } = await createEvent(database, input);
  await addWindows(database, id, [{ opensAtMs }], { nowMs: opensAtMs });
  const event = await findEvent(database, id);
  if (event === undefined) throw new Error("the event is gone");
  return event;
}

/** Rows of these members in the event's first window, from this rank on, a second after one another. */
export function rowsOf(
  event: EventDefinition,
  memberIds: readonly string[],
  firstRank = 1,
): IssuanceRow[] {
  const [window] = event.windows;
  if (window === undefined) throw new Error("the event has no window");
  return memberIds.map((memberId, index) => ({
    eventId: event.id,
    memberId,
    rank: firstRank + index,
    code: codeForRank(event, firstRank + index),
    windowId: window.id,
    issuedAtMs: window.opensAtMs + (firstRank + index - 1) * 1_000,
  }));
}

/** Puts issuances of these members into the ledger. */
export async function issueTo(
  database: Database,
  event: EventDefinition,
  memberIds: readonly string[],
  firstRank = 1,
): Promise<IssuanceRow[]> {
  const rows = rowsOf(event, memberIds, firstRank);
  await insertMissing(database.client, rows);
  return rows;
}

/** Puts issuances of these members into the outbox, as one commit. */
export async function leaveInOutbox(
  database: Database,
  event: EventDefinition,
  memberIds: readonly string[],
  firstRank: number,
): Promise<IssuanceRow[]> {
  const rows = rowsOf(event, memberIds, firstRank);
  await appendToOutbox(database, encodeRows(rows), lastRanksOf(rows));
  return rows;
}
