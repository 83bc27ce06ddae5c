/** Numbers of members and tokens as they are typed on the command line. */
import { InvalidArgumentError } from "commander";

/** Far above any rehearsal; a guard against a slip of the finger. */
const MAX_COUNT = 100_000_000;

/** Reads a whole number from 1 to a hundred million; commander names the option in its message. */
export function parseCount(text: string): number {
  const count = /^\d+$/.test(text) ? Number(text) : 0;
  if (count < 1 || count > MAX_COUNT) {
    throw new InvalidArgumentError(`It must be a whole number from 1 to ${MAX_COUNT}.`);
  }
  return count;
}
