/** Lengths of time as they are typed on the command line. */
import { CliError } from "../exit-codes.ts";

/** Longer than any giveaway, and far from where milliseconds lose precision. */
const MAX_DURATION_MS = 3_660 * 86_400_000;

const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/**
 * Reads `500ms`, `90s`, `15m`, `24h` or `7d`: a whole number and its unit.
 *
 * @returns Whole milliseconds, at least 1 and at most ten years.
 * @throws CliError for anything else.
 */
export function parseDurationMs(text: string): number {
  const [, amount, unit] = /^(\d+)(ms|s|m|h|d)$/.exec(text) ?? [];
  const durationMs = Number(amount) * (UNIT_MS[unit ?? ""] ?? Number.NaN);
  if (!(durationMs >= 1 && durationMs <= MAX_DURATION_MS)) {
    throw new CliError(
      `"${text}" is not a duration: write a whole number with ms, s, m, h or d, from 1ms to 3660d, such as 90s or 24h`,
    );
  }
  return durationMs;
}
