/** The coupon's secret string, a function of the event's key and the rank. */

/** Crockford's base 32: no I, L, O or U, so that a code survives being read aloud. */
const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/** Ten bits as two letters: this runs twice a claim, and a table is twice as fast as a loop. */
const LETTER_PAIRS = Array.from(ALPHABET, (first) =>
  Array.from(ALPHABET, (second) => first + second),
).flat();

/**
 * The code of a rank, such as `7ZK2-0QXH-41VD-M8RT`: the first 80 bits of HMAC-SHA256(key, rank in
 * decimal). Without the key it cannot be told from random, so knowing some codes of an event does
 * not help to guess another (RFC 2104). 80 bits: among 100,000 codes of an event, two are the same
 * with a probability below 10⁻¹⁴.
 */
export function codeForRank(codeKey: Uint8Array, rank: number): string {
  const digest = new Bun.CryptoHasher("sha256", codeKey).update(String(rank)).digest();
  const group = (bit: number) => fourLetters(digest.readUInt32BE(bit >> 3) >>> (12 - (bit & 7)));
  return `${group(0)}-${group(20)}-${group(40)}-${group(60)}`;
}

/** The lowest 20 bits. */
function fourLetters(bits: number): string {
  return `${LETTER_PAIRS[(bits >>> 10) & 1_023]}${LETTER_PAIRS[bits & 1_023]}`;
}
