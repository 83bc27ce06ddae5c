/** Whole numbers as they are typed on the command line. */
import { InvalidArgumentError } from "commander";

/** Far above any rehearsal; a guard against a slip of the finger. */
const MAX_COUNT = 100_000_000;

/** A reader of whole numbers from `min` to `max`; commander names the option in its message. */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
  };
}

/** Reads a number of members or tokens: a whole number from 1 to a hundred million. */
export const parseCount = wholeNumber(1, MAX_COUNT);
