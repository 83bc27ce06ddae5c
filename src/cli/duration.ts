/** Lengths of time as they are typed on the command line. */
import { InvalidArgumentError } from "commander";
import { CliError } from "../exit-codes.ts";

const DAY_MS = 86_400_000;

/** Longer than any giveaway, and far from where milliseconds lose precision. */
export const MAX_DURATION_MS = 3_660 * DAY_MS;

/** The longest first. */
const UNITS_MS = [
  ["d", DAY_MS],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1_000],
  ["ms", 1],
] as const;

const FORM = "a whole number with ms, s, m, h or d";

/**
 * Reads `500ms`, `90s`, `15m`, `24h` or `7d`: a whole number and its unit.
 *
 * @returns Whole milliseconds, at least 1 and at most ten years.
 * @throws CliError for anything else.
 */
export function parseDurationMs(text: string): number {
  const durationMs = readDurationMs(text);
  if (durationMs >= 1 && durationMs <= MAX_DURATION_MS) return durationMs;
  throw new CliError(
    `"${text}" is not a duration: write ${FORM}, from 1ms to ${formatDuration(MAX_DURATION_MS)}, such as 90s or 24h`,
  );
}

/** A reader of such lengths from 1 ms to `maxMs`; commander names the option in its message. */
export function duration(maxMs: number): (text: string) => number {
  return (text) => {
    const durationMs = readDurationMs(text);
    if (durationMs >= 1 && durationMs <= maxMs) return durationMs;
    throw new InvalidArgumentError(
      `It must be ${FORM}, from 1ms to ${formatDuration(maxMs)}, such as 90s.`,
    );
  };
}

/** Writes it as it would be typed, in the longest unit that needs no fraction; a day is `24h`. */
export function formatDuration(durationMs: number): string {
  const [unit, unitMs] = UNITS_MS.find(
    ([, candidateMs]) => durationMs % candidateMs === 0 && durationMs !== DAY_MS,
  ) ?? ["h", 3_600_000];
  return `${durationMs / unitMs}${unit}`;
}

/** NaN for what is no duration. */
function readDurationMs(text: string): number {
  const [, amount, unit] = /^(\d+)(ms|s|m|h|d)$/.exec(text) ?? [];
  const [, unitMs] = UNITS_MS.find(([name]) => name === unit) ?? [];
  return Number(amount) * (unitMs ?? Number.NaN);
}
