/**
 * Encodes header blocks without the dynamic table (RFC 7541): such a block means the same on every
 * connection and at every time, so that it can be made before the clock starts.
 */
import { staticIndexOf } from "./hpack-static-table.ts";

/** The first bits of a field's representation, and how many bits they leave to the integer. */
interface Representation {
  readonly pattern: number;
  readonly prefixBits: number;
}

/** RFC 7541, sections 6.1, 6.2.2, 6.2.3 and 6.3. */
const INDEXED: Representation = { pattern: 0x80, prefixBits: 7 };
const WITHOUT_INDEXING: Representation = { pattern: 0x00, prefixBits: 4 };
const NEVER_INDEXED: Representation = { pattern: 0x10, prefixBits: 4 };
const TABLE_SIZE: Representation = { pattern: 0x20, prefixBits: 5 };
/** A string literal as it is, without the Huffman code (section 5.2). */
const PLAIN_STRING: Representation = { pattern: 0x00, prefixBits: 7 };

/**
 * What a block begins with: that the dynamic table is empty and stays so. A peer whose SETTINGS make
 * the table smaller must be told so by the next block (RFC 9113, section 4.3.1), and on a connection
 * any block may be the next one.
 */
export function withoutTable(): Buffer {
  return Buffer.from(encodeInteger(0, TABLE_SIZE));
}

/** A field that the static table has, with its value. */
export function indexedField(name: string, value: string): Buffer {
  return Buffer.from(encodeInteger(staticIndexOf(name, value), INDEXED));
}

/** A field whose name the static table has. The value is ASCII. */
export function literalField(name: string, value: string): Buffer {
  return literal(name, value, WITHOUT_INDEXING);
}

/** A secret: no intermediary may put it into a table either (section 7.1.3). */
export function secretField(name: string, value: string): Buffer {
  return literal(name, value, NEVER_INDEXED);
}

function literal(name: string, value: string, representation: Representation): Buffer {
  const text = Buffer.from(value, "latin1");
  return Buffer.concat([
    Buffer.from(encodeInteger(staticIndexOf(name), representation)),
    Buffer.from(encodeInteger(text.length, PLAIN_STRING)),
    text,
  ]);
}

/** RFC 7541, section 5.1. */
export function encodeInteger(value: number, { pattern, prefixBits }: Representation): number[] {
  const prefixMax = 2 ** prefixBits - 1;
  if (value < prefixMax) return [pattern | value];
  const bytes = [pattern | prefixMax];
  let rest = value - prefixMax;
  while (rest >= 128) {
    bytes.push((rest % 128) | 128);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
  return bytes;
}
