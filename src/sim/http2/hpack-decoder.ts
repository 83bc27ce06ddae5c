/** Decodes header blocks (RFC 7541): all representations, the dynamic table, the Huffman code. */
import { decodeHuffman } from "./hpack-huffman.ts";
import { type Field, STATIC_TABLE } from "./hpack-static-table.ts";

/** What a peer's encoder may use without being told (RFC 9113, section 6.5.2). */
export const DEFAULT_TABLE_BYTES = 4_096;
/** What an entry counts beside its texts (RFC 7541, section 4.1). */
const ENTRY_OVERHEAD_BYTES = 32;
/** No integer in a header of sensible size is larger. */
const MAX_INTEGER = 2 ** 28;

/** The block is not HPACK: the connection is of no more use (RFC 9113, section 4.3). */
export class HpackError extends Error {}

/** The decoder of one connection, which remembers from block to block. */
export class HpackDecoder {
  readonly #onField: (name: string, value: string) => void;
  readonly #maxTableBytes: number;
  /** The dynamic table, the newest entry last. */
  readonly #entries: Field[] = [];
  #tableBytes = 0;
  #tableLimit: number;
  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;
  #end = 0;

  /** @param onField told each field of a block, in order, as Latin-1 */
  constructor(
    onField: (name: string, value: string) => void,
    maxTableBytes: number = DEFAULT_TABLE_BYTES,
  ) {
    this.#onField = onField;
    this.#maxTableBytes = maxTableBytes;
    this.#tableLimit = maxTableBytes;
  }

  /**
   * Decodes a whole block: the bytes from start to end.
   *
   * @throws HpackError
   */
  decode(bytes: Buffer, start = 0, end: number = bytes.length): void {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
    let mayResize = true;
    while (this.#at < this.#end) {
      const first = this.#bytes[this.#at] ?? 0;
      const isResize = (first & 0xe0) === 0x20;
      if (isResize) {
        if (!mayResize) throw new HpackError("a table size update follows a field");
        this.#resize(this.#readInteger(0x1f));
      } else this.#readField(first);
      mayResize &&= isResize;
    }
  }

  /** RFC 7541, sections 6.1 and 6.2. */
  #readField(first: number): void {
    if ((first & 0x80) !== 0) {
      const field = this.#fieldAt(this.#readInteger(0x7f));
      this.#onField(field.name, field.value);
      return;
    }
    const isIndexing = (first & 0x40) !== 0;
    const index = this.#readInteger(isIndexing ? 0x3f : 0x0f);
    const name = index === 0 ? this.#readString() : this.#fieldAt(index).name;
    const value = this.#readString();
    if (isIndexing) this.#insert({ name, value });
    this.#onField(name, value);
  }

  #fieldAt(index: number): Field {
    const field =
      index <= STATIC_TABLE.length
        ? STATIC_TABLE[index - 1]
        : this.#entries[this.#entries.length - (index - STATIC_TABLE.length)];
    if (field === undefined) throw new HpackError("an index leads outside of the tables");
    return field;
  }

  #insert(field: Field): void {
    const bytes = sizeOf(field);
    this.#evictTo(this.#tableLimit - bytes);
    // An entry larger than the table leaves it empty, which is no error (section 4.4).
    if (bytes > this.#tableLimit) return;
    this.#entries.push(field);
    this.#tableBytes += bytes;
  }

  #resize(limit: number): void {
    if (limit > this.#maxTableBytes) throw new HpackError("the table is made larger than allowed");
    this.#tableLimit = limit;
    this.#evictTo(limit);
  }

  #evictTo(bytes: number): void {
    while (this.#tableBytes > bytes) {
      const oldest = this.#entries.shift();
      if (oldest === undefined) return;
      this.#tableBytes -= sizeOf(oldest);
    }
  }

  /** An integer whose first bits are those of this mask (section 5.1). */
  #readInteger(mask: number): number {
    let value = this.#readByte() & mask;
    if (value < mask) return value;
    for (let factor = 1; ; factor *= 128) {
      const byte = this.#readByte();
      value += (byte & 0x7f) * factor;
      if (value > MAX_INTEGER || factor > MAX_INTEGER)
        throw new HpackError("an integer is too large");
      if ((byte & 0x80) === 0) return value;
    }
  }

  #readByte(): number {
    if (this.#at >= this.#end) throw new HpackError("the block ends within a field");
    return this.#bytes[this.#at++] ?? 0;
  }

  /** Section 5.2. */
  #readString(): string {
    const isHuffman = ((this.#bytes[this.#at] ?? 0) & 0x80) !== 0;
    const length = this.#readInteger(0x7f);
    const start = this.#at;
    const end = start + length;
    if (end > this.#end) throw new HpackError("the block ends within a string");
    this.#at = end;
    if (!isHuffman) return this.#bytes.toString("latin1", start, end);
    const text = decodeHuffman(this.#bytes, start, end);
    if (text === undefined) throw new HpackError("a string is not of the Huffman code");
    return text;
  }
}

function sizeOf({ name, value }: Field): number {
  return name.length + value.length + ENTRY_OVERHEAD_BYTES;
}
