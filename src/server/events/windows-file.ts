/** Windows as a file lists them: CSV, or a JSON array. */
import { z } from "zod";
import { EventError } from "./event-error.ts";
import { EVENT_LIMITS } from "./limits.ts";
import { canonicalTimeZone, parseMoment } from "./schedule.ts";
import type { Opening } from "./windows.ts";

/** Bad lines that a refusal tells of; the rest is counted. */
const MAX_NAMED_LINES = 3;
const HEADING = /^opensat\b/i;

const jsonWindows = z.array(
  z.strictObject({
    opensAt: z.string(),
    closesAt: z.string().nullish(),
    quota: z.int().nullish(),
  }),
);

interface Row {
  /** `line 3`, or `window 3` of an array. */
  readonly where: string;
  readonly opensAt: string;
  readonly closesAt: string | undefined;
  readonly quota: string | number | undefined;
}

/**
 * Reads a window a line, `opensAt[,closesAt][,quota]`, with or without a line of headings, or a JSON
 * array of objects with these members. Times are local times of the zone, or instants.
 *
 * @throws EventError (`invalid_input`) that names the bad lines by their numbers
 */
export function readWindowsFile(text: string, timeZone: string): Opening[] {
  const zone = canonicalTimeZone(timeZone);
  const rows = text.trimStart().startsWith("[") ? jsonRows(text) : csvRows(text);
  const openings: Opening[] = [];
  const problems: string[] = [];
  for (const row of rows) {
    try {
      openings.push(readRow(row, zone));
    } catch (error) {
      if (!(error instanceof EventError)) throw error;
      problems.push(`${row.where}: ${error.message}`);
    }
  }
  if (problems.length === 0) return openings;
  const named = problems.slice(0, MAX_NAMED_LINES).join("; ");
  const rest = problems.length - MAX_NAMED_LINES;
  throw new EventError("invalid_input", rest > 0 ? `${named}; and ${rest} more` : named);
}

function csvRows(text: string): Row[] {
  const lines = text.replace(/^\uFEFF/, "").split("\n");
  return lines.flatMap((line, index) => {
    const fields = line.split(",").map((field) => field.trim().replace(/^"(.*)"$/, "$1"));
    const [opensAt = "", second = "", third = ""] = fields;
    if (line.trim() === "" || (index === 0 && HEADING.test(opensAt))) return [];
    const where = `line ${index + 1}`;
    if (fields.length > 3) {
      return [{ where, opensAt: line.trim(), closesAt: undefined, quota: undefined }];
    }
    // Without a closing, the quota may come second.
    const hasClosing = !(fields.length === 2 && /^\d+$/.test(second));
    const closesAt = hasClosing && second !== "" ? second : undefined;
    const quota = hasClosing ? third : second;
    return [{ where, opensAt, closesAt, quota: quota === "" ? undefined : quota }];
  });
}

function jsonRows(text: string): Row[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new EventError("invalid_input", "the file begins like JSON, but is not");
  }
  const parsed = jsonWindows.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const [index, member] = issue?.path ?? [];
    const where = typeof index === "number" ? `window ${index + 1}` : "the file";
    const what = member === undefined ? "" : ` (${String(member)})`;
    throw new EventError(
      "invalid_input",
      `${where}${what} is not right: give an array of {"opensAt": "…", "closesAt": "…", "quota": 100}, of which only opensAt must be there`,
    );
  }
  return parsed.data.map(({ opensAt, closesAt, quota }, index) => ({
    where: `window ${index + 1}`,
    opensAt,
    closesAt: closesAt ?? undefined,
    quota: quota ?? undefined,
  }));
}

function readRow({ opensAt, closesAt, quota }: Row, timeZone: string): Opening {
  return {
    opensAtMs: parseMoment(opensAt, timeZone),
    closesAtMs: closesAt === undefined ? undefined : parseMoment(closesAt, timeZone),
    quota: quota === undefined ? undefined : readQuota(quota),
  };
}

function readQuota(given: string | number): number {
  const quota = Number(given);
  if (Number.isInteger(quota) && quota >= 1 && quota <= EVENT_LIMITS.stock) return quota;
  throw new EventError(
    "invalid_input",
    `the quota must be a whole number from 1 to ${EVENT_LIMITS.stock}, not "${given}"`,
  );
}
