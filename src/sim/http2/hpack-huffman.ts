/**
 * The Huffman code of HPACK's strings (RFC 7541, section 5.2 and appendix B). The code is canonical:
 * ordered by length and then by symbol the codes count up, so that their lengths tell all of it.
 */

/** Bits of the code of each byte from 0 to 255 and of EOS: one digit of base 36 for each. */
const CODE_LENGTHS =
  "dnsssssssoussussssssssusssssssss" +
  "6aacd68baa8b8666555666666678f6ca" +
  "d67777777777777777777777878djde6" +
  "f56565666577666567655677777fbeds" +
  "kmkkmmmnmnnnnnonoomnonnnnlmnmnno" +
  "mlkmmnnlnmmolmnnllmlnmnnkmmmnmmn" +
  "qqkjmnmpqqqrrqopjlqrrqrollqqsrrr" +
  "koklmllnmmppooqnqrqqrrrrrsrrrrrq" +
  "u";

const EOS = 256;
const BASE = 36;
/** More padding than this holds a whole byte, which is an error. */
const MAX_PADDING_BITS = 7;

/**
 * The code as a tree: element 2n + bit is where the bit leads from node n, to another node or, if
 * negative, to the symbol −1 − element.
 */
const TREE = buildTree();

function buildTree(): Int16Array {
  const symbols = Array.from(CODE_LENGTHS, (digit, symbol) => ({
    symbol,
    length: Number.parseInt(digit, BASE),
  })).sort((a, b) => a.length - b.length || a.symbol - b.symbol);
  const tree = new Int16Array(2 * EOS);
  let nodes = 1;
  let code = 0;
  let length = 0;
  for (const leaf of symbols) {
    code *= 2 ** (leaf.length - length);
    length = leaf.length;
    let node = 0;
    for (let bit = length - 1; bit > 0; bit--) {
      const edge = 2 * node + ((code >>> bit) & 1);
      let next = tree[edge] ?? 0;
      if (next === 0) {
        next = nodes++;
        tree[edge] = next;
      }
      node = next;
    }
    tree[2 * node + (code & 1)] = -1 - leaf.symbol;
    code++;
  }
  return tree;
}

/** Decodes bytes from start to end, as Latin-1; undefined where they are not of this code. */
export function decodeHuffman(bytes: Uint8Array, start: number, end: number): string | undefined {
  let text = "";
  let node = 0;
  let pendingBits = 0;
  let pendingOnes = true;
  for (let at = start; at < end; at++) {
    const byte = bytes[at] ?? 0;
    for (let shift = 7; shift >= 0; shift--) {
      const bit = (byte >>> shift) & 1;
      const next = TREE[2 * node + bit] ?? 0;
      if (next >= 0) {
        node = next;
        pendingBits++;
        pendingOnes &&= bit === 1;
        continue;
      }
      const symbol = -1 - next;
      if (symbol === EOS) return undefined;
      text += String.fromCharCode(symbol);
      node = 0;
      pendingBits = 0;
      pendingOnes = true;
    }
  }
  // What is left over must be padding: the first bits of EOS.
  return pendingBits <= MAX_PADDING_BITS && pendingOnes ? text : undefined;
}
