/** The coupon's secret string, a function of the event's key and the rank. */

/** Crockford's base 32: no I, L, O or U, so that a code survives being read aloud. */
const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/** 80 bits: 100,000 codes hit the same one with a probability below 10⁻¹⁴. */
const CODE_BYTES = 10;
const GROUP_LENGTH = 4;

/**
 * The code of a rank, such as `7ZK2-0QXH-41VD-M8RT`: the first 80 bits of HMAC-SHA256(key, rank in
 * decimal). Without the key it cannot be told from random, so knowing some codes of an event does
 * not help to guess another (RFC 2104).
 */
export function codeForRank(codeKey: Uint8Array, rank: number): string {
  const digest = new Bun.CryptoHasher("sha256", codeKey).update(String(rank)).digest();
  let code = "";
  let bits = 0;
  let bitCount = 0;
  let letters = 0;
  for (const byte of digest.subarray(0, CODE_BYTES)) {
    bits = (bits << 8) | byte;
    bitCount += 8;
    while (bitCount >= 5) {
      bitCount -= 5;
      if (letters > 0 && letters % GROUP_LENGTH === 0) code += "-";
      code += ALPHABET[(bits >>> bitCount) & 31];
      letters++;
    }
    bits &= (1 << bitCount) - 1;
  }
  return code;
}
