/** Reads the codes that an event brought along, whole, for those who need them in memory. */
import { and, asc, eq, gt, inArray, max } from "drizzle-orm";
import { audit, importedCodes } from "../../../schema/tables.ts";
import type { Database } from "../database.ts";
import type { EventDefinition } from "./event.ts";

/** Rows read at once: some milliseconds during which the thread does nothing else, before a turn. */
const PAGE_ROWS = 5_000;

/** The audit's name of the change that brought the codes. */
export const IMPORT_ACTION = "event.import-codes";

/** The event, with its imported codes where it has some. */
export async function withImportedCodes(
  database: Database,
  event: EventDefinition,
): Promise<EventDefinition> {
  if (!event.codesImported || event.importedCodes !== undefined) return event;
  return { ...event, importedCodes: await readImportedCodes(database, event.id) };
}

/** The codes by rank less one. */
async function readImportedCodes(database: Database, eventId: string): Promise<string[]> {
  const codes: string[] = [];
  for (;;) {
    const page = await database.orm
      .select({ code: importedCodes.code })
      .from(importedCodes)
      .where(and(eq(importedCodes.eventId, eventId), gt(importedCodes.rank, codes.length)))
      .orderBy(asc(importedCodes.rank))
      .limit(PAGE_ROWS);
    for (const { code } of page) codes.push(code);
    if (page.length < PAGE_ROWS) return codes;
    await Bun.sleep(0);
  }
}

/**
 * Keeps the codes of events from one refresh of the catalogue to the next, so that a pause does not
 * mean reading a million codes again. An import is known from the next one by its row in the audit,
 * which is written in the same transaction and never changes.
 */
export class ImportedCodeCache {
  private readonly kept = new Map<string, { version: number; codes: readonly string[] }>();

  constructor(private readonly database: Database) {}

  /** The events, each with its codes where it has imported ones. */
  async complete(events: readonly EventDefinition[]): Promise<EventDefinition[]> {
    const importing = events.filter((event) => event.codesImported).map((event) => event.id);
    const versions = importing.length === 0 ? new Map() : await this.versions(importing);
    const completed: EventDefinition[] = [];
    for (const event of events) {
      if (!event.codesImported) completed.push(event);
      else completed.push(await this.completeOne(event, versions.get(event.id) ?? 0));
    }
    return completed;
  }

  /** Forgets the codes of an event that is no more. */
  forget(eventId: string): void {
    this.kept.delete(eventId);
  }

  private async completeOne(event: EventDefinition, version: number): Promise<EventDefinition> {
    const known = this.kept.get(event.id);
    if (known?.version === version) return { ...event, importedCodes: known.codes };
    const codes = await readImportedCodes(this.database, event.id);
    this.kept.set(event.id, { version, codes });
    return { ...event, importedCodes: codes };
  }

  private async versions(eventIds: readonly string[]): Promise<Map<string | null, number>> {
    const rows = await this.database.orm
      .select({ eventId: audit.eventId, version: max(audit.id) })
      .from(audit)
      .where(and(inArray(audit.eventId, [...eventIds]), eq(audit.action, IMPORT_ACTION)))
      .groupBy(audit.eventId);
    return new Map(rows.map((row) => [row.eventId, row.version ?? 0]));
  }
}
