/** Who changed what, and when: one row for each change, written in the change's own transaction. */
import { and, desc, eq, lt } from "drizzle-orm";
import { audit } from "../../schema/tables.ts";
import type { Database } from "./database.ts";
import type { Queryable } from "./events/event-rows.ts";

/** Rows of the audit that are read at once. */
export const MAX_AUDIT_PAGE_ROWS = 1_000;

/**
 * An administrator over HTTP, a system user on the command line, or the program itself, which makes
 * an event of its own to rehearse with.
 */
export type Actor = `member:${string}` | `cli:${string}` | "program";

export interface AuditEntry {
  readonly actor: Actor;
  /** The kind of thing and what was done to it, such as `event.pause` or `issuance.revoke`. */
  readonly action: string;
  readonly eventId?: string | undefined;
  /** What else it was done to: a member's id, a rank, a window. */
  readonly subject?: string | undefined;
  /** What was set, as JSON. Never a password, a token, a key or a code. */
  readonly details?: Readonly<Record<string, unknown>> | undefined;
  readonly atMs: number;
}

/** An entry as it was kept; entries are numbered in the order in which they were written. */
export interface AuditRecord {
  readonly id: number;
  readonly atMs: number;
  readonly actor: string;
  readonly action: string;
  readonly eventId: string | null;
  readonly subject: string | null;
  /** JSON. */
  readonly details: string;
}

/** Keeps the entry, as part of the transaction that makes the change: both come to be, or neither. */
export async function recordAudit(transaction: Queryable, entry: AuditEntry): Promise<void> {
  const { details = {}, ...row } = entry;
  await transaction.insert(audit).values({ ...row, details: JSON.stringify(details) });
}

/**
 * One page of what was done to an event, the newest first; also of one that was deleted.
 *
 * @param beforeId entries older than this one; undefined for the newest
 * @param limit at most MAX_AUDIT_PAGE_ROWS
 */
export async function readAudit(
  database: Database,
  eventId: string,
  { beforeId, limit }: { readonly beforeId?: number | undefined; readonly limit: number },
): Promise<AuditRecord[]> {
  const ofEvent = eq(audit.eventId, eventId);
  return await database.orm
    .select()
    .from(audit)
    .where(beforeId === undefined ? ofEvent : and(ofEvent, lt(audit.id, beforeId)))
    .orderBy(desc(audit.id))
    .limit(Math.min(limit, MAX_AUDIT_PAGE_ROWS));
}
