/** What a connection has to write, gathered so that a turn's frames go out in one call. */
import type { Link } from "./link.ts";

const INITIAL_BYTES = 16_384;
/** A server that does not read: beyond this the connection is given up. */
export const MAX_UNWRITTEN_BYTES = 4 * 1024 * 1024;

export class WriteBuffer {
  #bytes = Buffer.alloc(INITIAL_BYTES);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Appends a copy of the bytes from start to end, and returns where in the buffer it is. */
  append(bytes: Uint8Array, start = 0, end: number = bytes.length): number {
    const at = this.#length;
    const length = at + end - start;
    if (length > this.#bytes.length) this.#grow(length);
    this.#bytes.set(start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end), at);
    this.#length = length;
    return at;
  }

  /** Writes over four bytes of what was appended. */
  patchUint32(value: number, at: number): void {
    this.#bytes.writeUInt32BE(value, at);
  }

  /** Writes all of it, and keeps what the link did not take. */
  drainTo(link: Pick<Link, "write">): void {
    const written = link.write(this.#bytes, 0, this.#length);
    if (written < this.#length) this.#bytes.copyWithin(0, written, this.#length);
    this.#length -= written;
  }

  #grow(length: number): void {
    const larger = Buffer.alloc(Math.max(length, 2 * this.#bytes.length));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}
