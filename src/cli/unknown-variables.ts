/** What becomes of `COUPONLIVE_*` variables that are no setting. */
import { knownVariables, unknownVariables, VARIABLE_PREFIX } from "../config.ts";
import { CliError } from "../exit-codes.ts";

/** A name is a misspelling of another when at most this part of its letters, and this many, differ. */
const MAX_WRONG_PART = 0.4;
const MAX_WRONG_LETTERS = 3;

/**
 * Warns of each. One that looks like a setting is refused: without Redis, say, because of a
 * misspelled COUPONLIVE_REDIS, a server would run, but not the one that was wanted.
 *
 * @throws CliError for the first that looks like a setting
 */
export async function requireKnownVariables(warn: (line: string) => void): Promise<void> {
  for (const name of unknownVariables()) {
    const meant = await similarVariable(name);
    if (meant !== undefined) {
      throw new CliError(
        `${name} is not a setting, did you mean ${meant}? (couponlive config lists them)`,
      );
    }
    warn(`the variable ${name} is not a setting (couponlive config lists them)`);
  }
}

async function similarVariable(name: string): Promise<string | undefined> {
  const { closest, distance } = await import("fastest-levenshtein");
  const word = name.slice(VARIABLE_PREFIX.length);
  const words = knownVariables().map((variable) => variable.slice(VARIABLE_PREFIX.length));
  const nearest = closest(word, words);
  const allowed = Math.min(Math.ceil(word.length * MAX_WRONG_PART), MAX_WRONG_LETTERS);
  return distance(word, nearest) <= allowed ? `${VARIABLE_PREFIX}${nearest}` : undefined;
}
