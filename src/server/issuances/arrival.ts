/**
 * Finds what was issued a moment ago: it may still wait in the embedded engine's outbox or in Redis's
 * stream, and only what has arrived in the ledger can be redeemed or revoked.
 */
import { and, desc, eq, inArray } from "drizzle-orm";
import { importedCodes } from "../../../schema/tables.ts";
import { codeForRank } from "../claims/code.ts";
import type { Database } from "../database.ts";
import type { EventDefinition } from "../events/event.ts";
import { moveOneToLedger } from "../ledger/outbox.ts";
import type { LedgerGrant } from "../ledger/read.ts";
import type { Issuance } from "./issuance.ts";
import { IssuanceError } from "./issuance-error.ts";
import { readIssuance } from "./read.ts";
import { describeSelector, type Selector } from "./selector.ts";

/** A writer that works brings an issuance to the ledger well within this. */
const ARRIVAL_TIMEOUT_MS = 1_000;
const ARRIVAL_POLL_MS = 25;

/** Where issuances are looked for: the ledger, and what was granted and may not be in it yet. */
export interface IssuanceSource {
  readonly database: Database;
  /** As `ClaimEngine.undelivered`. */
  undelivered(event: EventDefinition): AsyncIterable<readonly LedgerGrant[]>;
}

export interface FoundIssuance {
  readonly issuance: Issuance;
  /** False for one that waits in the outbox or the stream; its coupon is new. */
  readonly inLedger: boolean;
}

/** The issuance, wherever it is now; undefined when there is none. */
export async function findIssuance(
  source: IssuanceSource,
  event: EventDefinition,
  selector: Selector,
): Promise<FoundIssuance | undefined> {
  const { database } = source;
  const kept = await readIssuance(database.orm, event.id, selector);
  if (kept !== undefined) return { issuance: kept, inLedger: true };
  const waiting = await findUndelivered(source, event, selector);
  // It may have arrived while the rest was searched.
  const arrived = await readIssuance(database.orm, event.id, selector);
  if (arrived !== undefined) return { issuance: arrived, inLedger: true };
  return waiting === undefined ? undefined : { issuance: waiting, inLedger: false };
}

/**
 * Makes sure that the issuance is in the ledger.
 *
 * @throws IssuanceError `unknown_issuance` when there is none, `not_in_ledger_yet` when it is still
 * on its way after a second
 */
export async function requireInLedger(
  source: IssuanceSource,
  event: EventDefinition,
  selector: Selector,
): Promise<Issuance> {
  const found = await findIssuance(source, event, selector);
  if (found === undefined) throw unknownIssuance(event.id, selector);
  return found.inLedger ? found.issuance : await awaitArrival(source, event, found.issuance.rank);
}

/** The refusal of a request on an issuance that is not there. */
export function unknownIssuance(eventId: string, selector: Selector): IssuanceError {
  return new IssuanceError(
    "unknown_issuance",
    `event ${eventId} has issued nothing ${describeSelector(selector)}`,
  );
}

/** Brings an issuance that waits in the outbox to the ledger, or waits until the writer has. */
export async function awaitArrival(
  { database }: IssuanceSource,
  event: EventDefinition,
  rank: number,
): Promise<Issuance> {
  await moveOneToLedger(database, event.id, rank);
  const deadlineMs = Date.now() + ARRIVAL_TIMEOUT_MS;
  for (;;) {
    const arrived = await readIssuance(database.orm, event.id, { by: "rank", rank });
    if (arrived !== undefined) return arrived;
    if (Date.now() >= deadlineMs) break;
    await Bun.sleep(ARRIVAL_POLL_MS);
  }
  throw new IssuanceError(
    "not_in_ledger_yet",
    `rank ${rank} of event ${event.id} is issued and still on its way to the ledger: try again in a moment`,
    { rank },
  );
}

/** The issuance among those that may not be in the ledger yet. */
export async function findUndelivered(
  source: IssuanceSource,
  event: EventDefinition,
  selector: Selector,
): Promise<Issuance | undefined> {
  const isSelected = await matcher(source.database, event, selector);
  for await (const page of source.undelivered(event)) {
    const grant = page.find(isSelected);
    if (grant === undefined) continue;
    return {
      eventId: event.id,
      ...grant,
      code: await codeOf(source.database, event, grant.rank),
      status: "issued",
      redeemedAtMs: null,
      revokedAtMs: null,
      revocationReason: null,
    };
  }
  return undefined;
}

/** A generated code cannot be traced to its rank: those of the ranks that wait are made and compared. */
async function matcher(
  database: Database,
  event: EventDefinition,
  selector: Selector,
): Promise<(grant: LedgerGrant) => boolean> {
  switch (selector.by) {
    case "member":
      return (grant) => grant.memberId === selector.memberId;
    case "rank":
      return (grant) => grant.rank === selector.rank;
    case "code": {
      const code = selector.code.toUpperCase();
      if (!event.codesImported) return ({ rank }) => codeForRank(event, rank) === code;
      const rank = await rankOfImported(database, event.id, selector.code);
      return (grant) => grant.rank === rank;
    }
  }
}

async function rankOfImported(database: Database, eventId: string, code: string) {
  const [row] = await database.orm
    .select({ rank: importedCodes.rank })
    .from(importedCodes)
    .where(
      and(
        eq(importedCodes.eventId, eventId),
        inArray(importedCodes.code, [code, code.toUpperCase()]),
      ),
    )
    .orderBy(desc(eq(importedCodes.code, code)))
    .limit(1);
  return row?.rank;
}

async function codeOf(database: Database, event: EventDefinition, rank: number): Promise<string> {
  if (!event.codesImported) return codeForRank(event, rank);
  const [row] = await database.orm
    .select({ code: importedCodes.code })
    .from(importedCodes)
    .where(and(eq(importedCodes.eventId, event.id), eq(importedCodes.rank, rank)));
  if (row === undefined) throw new Error(`event ${event.id} has no code for rank ${rank}`);
  return row.code;
}
