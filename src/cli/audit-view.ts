/** Entries of the audit as the terminal and scripts see them. */
import type { AuditRecord } from "../server/audit.ts";
import { formatMoment } from "../server/events/schedule.ts";
import { formatTable } from "./table.ts";

/** What `--json` prints of an entry. */
export function auditJson({ details, atMs, ...entry }: AuditRecord) {
  return { ...entry, at: new Date(atMs).toISOString(), atMs, details: JSON.parse(details) };
}

/** Entries, a line each, with times of the zone. */
export function auditTable(entries: readonly AuditRecord[], timeZone = "UTC"): string {
  return formatTable([
    [`when (${timeZone})`, "who", "what", "to", "details"],
    ...entries.map((entry) => [
      formatMoment(entry.atMs, timeZone),
      entry.actor,
      entry.action,
      entry.subject ?? "",
      entry.details === "{}" ? "" : entry.details,
    ]),
  ]);
}
