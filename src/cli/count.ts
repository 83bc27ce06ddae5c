/** Readers of what is typed on the command line: whole numbers, and options that may repeat. */
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

/** A reader that also takes `none`. */
export function orNone<T>(read: (text: string) => T): (text: string) => T | "none" {
  return (text) => (text === "none" ? text : read(text));
}

/** What such an option says, in the domain's words: null is none. */
export function noneAsNull<T>(value: T | "none" | undefined): T | null | undefined {
  return value === "none" ? null : value;
}

/** A reader of an option that may be given several times. */
export function collect(value: string, previous: readonly string[] = []): readonly string[] {
  return [...previous, value];
}
