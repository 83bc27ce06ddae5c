/**
 * The coupon's secret string: a function of the event's key and the rank, or the code that the event
 * brought along for the rank.
 */

/** How the codes of an event come about; an EventDefinition is one. */
export interface CodeSource {
  readonly codeKey: Uint8Array;
  readonly codePrefix: string;
  readonly codeLength: number;
  readonly codesImported: boolean;
  readonly importedCodes?: readonly string[];
}

/** Bounds of the number of letters; the docstring of `codeForRank` says why these. */
export const CODE_LENGTH = { min: 8, max: 24 } as const;

/** From so many letters on, codes of different keys are different without anything else. */
export const SELF_SUFFICIENT_CODE_LENGTH = 16;

/** Crockford's base 32: no I, L, O or U, so that a code survives being read aloud. */
const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const LETTERS_PER_GROUP = 4;
const BITS_PER_GROUP = 20;

/** Ten bits as two letters: this runs twice a claim, and a table is twice as fast as a loop. */
const LETTER_PAIRS = Array.from(ALPHABET, (first) =>
  Array.from(ALPHABET, (second) => first + second),
).flat();

/** Even, so that the halves end where they began; four make a strong permutation (Luby, Rackoff). */
const PERMUTATION_ROUNDS = 4;
/** Halves of at most six letters are numbers of 30 bits, for which the arithmetic is quick. */
const MAX_PERMUTED_LETTERS = 12;
const BITS_PER_LETTER = 5;

/**
 * The code of a rank, such as `7ZK2-0QXH-41VD-M8RT`, or `SUMMER-7ZK2-0QXH` with a prefix and eight
 * letters. Without the key it cannot be told from random, so knowing some codes of an event does not
 * help to guess another (RFC 2104). Two ranks never share one:
 *
 * - of 16 letters and more, it is the first bits of HMAC-SHA256(key, rank in decimal). 80 bits: among
 *   100,000 codes two are the same with a probability below 10⁻¹⁴, within an event and across events;
 * - of 8 to 15 letters, that would be too likely (1 in 200 among 100,000 codes of 8). They are the
 *   rank, permuted: a Feistel network over their first twelve letters whose rounds are HMACs, so
 *   different ranks have different codes whatever the key. Codes of different events are kept apart by their prefixes,
 *   which such events must have, each its own (events/settings.ts);
 * - fewer than 8 letters would be worth guessing: with 100,000 codes of 8, one guess in ten million hits.
 *
 * @throws when the event brought its codes and there is none for this rank here
 */
export function codeForRank(source: CodeSource, rank: number): string {
  if (source.codesImported) return importedCode(source, rank);
  const { codeKey, codePrefix, codeLength } = source;
  const letters =
    codeLength < SELF_SUFFICIENT_CODE_LENGTH
      ? permutedLetters(codeKey, codeLength, rank)
      : digestLetters(codeKey, codeLength, rank);
  return codePrefix === "" ? letters : `${codePrefix}-${letters}`;
}

function importedCode({ importedCodes }: CodeSource, rank: number): string {
  const code = importedCodes?.[rank - 1];
  // Never a generated one in its place: it would be worth nothing where it is redeemed.
  if (code === undefined) throw new Error(`the event's own codes have none for rank ${rank}`);
  return code;
}

function digestLetters(key: Uint8Array, length: number, rank: number): string {
  const digest = hmac(key, String(rank));
  const group = (bit: number) => fourLetters(digest.readUInt32BE(bit >> 3) >>> (12 - (bit & 7)));
  let letters = `${group(0)}-${group(20)}-${group(40)}-${group(60)}`;
  for (let first = SELF_SUFFICIENT_CODE_LENGTH; first < length; first += LETTERS_PER_GROUP) {
    const whole = group((first / LETTERS_PER_GROUP) * BITS_PER_GROUP);
    letters += `-${whole.slice(0, length - first)}`;
  }
  return letters;
}

/** The rank as digits of base 32, permuted among all numbers of so many; letters beyond twelve are an HMAC's. */
function permutedLetters(key: Uint8Array, length: number, rank: number): string {
  const permuted = Math.min(length, MAX_PERMUTED_LETTERS);
  const lowBits = (permuted >> 1) * BITS_PER_LETTER;
  const highBits = permuted * BITS_PER_LETTER - lowBits;
  let [highMask, lowMask] = [2 ** highBits - 1, 2 ** lowBits - 1];
  let [high, low] = [rank >>> lowBits, rank & lowMask];
  for (let round = 0; round < PERMUTATION_ROUNDS; round++) {
    const noise = hmac(key, `${length} ${round} ${low}`).readUInt32BE(0) & highMask;
    [high, low] = [low, high ^ noise];
    [highMask, lowMask] = [lowMask, highMask];
  }
  const letters = base32(high, highBits) + base32(low, lowBits);
  if (length === permuted) return grouped(letters);
  const rest = fourLetters(hmac(key, `${length} rest ${rank}`).readUInt32BE(0));
  return grouped(letters + rest.slice(0, length - permuted));
}

function hmac(key: Uint8Array, text: string): Buffer {
  return new Bun.CryptoHasher("sha256", key).update(text).digest();
}

/** The lowest 20 bits. */
function fourLetters(bits: number): string {
  return `${LETTER_PAIRS[(bits >>> 10) & 1_023]}${LETTER_PAIRS[bits & 1_023]}`;
}

function base32(value: number, bits: number): string {
  let text = "";
  for (let shift = bits - BITS_PER_LETTER; shift >= 0; shift -= BITS_PER_LETTER) {
    text += ALPHABET[(value >>> shift) & 31];
  }
  return text;
}

/** Hyphens between groups of four letters, the last group of which may be shorter. */
function grouped(letters: string): string {
  let text = letters.slice(0, LETTERS_PER_GROUP);
  for (let first = LETTERS_PER_GROUP; first < letters.length; first += LETTERS_PER_GROUP) {
    text += `-${letters.slice(first, first + LETTERS_PER_GROUP)}`;
  }
  return text;
}
