/** Events, windows and the audit as administrators see them over HTTP. */
import type { z } from "zod";
import type { AuditRecord } from "../audit.ts";
import { EngineUnavailableError } from "../claims/engine.ts";
import { type EventDefinition, type EventWindow, lastIssuableRank } from "../events/event.ts";
import { countInDatabase } from "../events/issued.ts";
import { eventState } from "../events/state.ts";
import type { PlannedWindow } from "../events/windows.ts";
import type { adminEventSchema, auditPageSchema, windowSchema } from "./admin-events-schema.ts";
import type { Dependencies } from "./dependencies.ts";

/** An event with how many coupons it has issued. */
export async function describeEvent(
  deps: Pick<Dependencies, "catalogue" | "engine" | "database" | "nowMs">,
  event: EventDefinition,
): Promise<z.infer<typeof adminEventSchema>> {
  const issued = await countIssued(deps, event);
  const { id, name, stock, returned, timeZone, windowLengthMs, windowsPerDay } = event;
  const { windowQuota, codePrefix, codeLength, codesImported, validForMs, validUntilMs } = event;
  return {
    id,
    name,
    state: eventState(event, issued, deps.nowMs()).state,
    stock,
    returned,
    issued,
    remaining: Math.max(0, lastIssuableRank(event) - issued),
    timeZone,
    windowLengthMs,
    windowsPerDay,
    windowQuota,
    codePrefix,
    codeLength,
    codesImported,
    validForMs,
    validUntil: validUntilMs === null ? null : iso(validUntilMs),
    coupons: event.coupons.map(({ firstRank, kind, value }) => ({ firstRank, kind, value })),
    windows: event.windows.map(describeWindow),
  };
}

/**
 * As the engine has it, which costs nothing; an outage must not hide what was changed. The engine is
 * asked of the event as the catalogue has it: one from the tables may be ahead of it, and lacks its
 * own codes.
 */
async function countIssued(
  { catalogue, engine, database }: Pick<Dependencies, "catalogue" | "engine" | "database">,
  { id }: EventDefinition,
): Promise<number> {
  const followed = catalogue.get(id);
  if (followed === undefined) return await countInDatabase(database.orm, id);
  try {
    return (await engine.status(followed)).issued;
  } catch (error) {
    if (!(error instanceof EngineUnavailableError)) throw error;
    return await countInDatabase(database.orm, id);
  }
}

/** A window, or one that would be added. */
export function describeWindow(window: EventWindow | PlannedWindow): z.infer<typeof windowSchema> {
  return {
    ...("id" in window ? { id: window.id } : {}),
    opensAt: iso(window.opensAtMs),
    closesAt: iso(window.closesAtMs),
    quota: window.quota,
  };
}

/** Entries of the audit, and where the next page begins. */
export function describeAuditPage(
  entries: readonly AuditRecord[],
  limit: number,
): z.infer<typeof auditPageSchema> {
  return {
    entries: entries.map(({ atMs, details, ...entry }) => ({
      ...entry,
      at: iso(atMs),
      details: JSON.parse(details),
    })),
    nextBeforeId: entries.length < limit ? null : (entries.at(-1)?.id ?? null),
  };
}

function iso(epochMs: number): string {
  return new Date(epochMs).toISOString();
}
