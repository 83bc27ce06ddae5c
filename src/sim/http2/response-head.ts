/** Reads the header and trailer sections of responses (RFC 9113, sections 8.1 and 8.3.2). */
import { ConnectionError } from "./frame-reader.ts";
import { COMPRESSION_ERROR } from "./frames.ts";
import { HpackDecoder, HpackError } from "./hpack-decoder.ts";

/** The section is not a response's: its stream is malformed. */
export const MALFORMED = -1;
/** The section has no status: these are trailers. */
export const TRAILERS = 0;

const COLON = 58;

export class ResponseHeadReader {
  readonly #decoder = new HpackDecoder((name, value) => this.#take(name, value));
  #status = TRAILERS;
  #sawRegularField = false;

  /**
   * Reads a whole section, and returns its status, MALFORMED or TRAILERS.
   *
   * @throws ConnectionError when the section cannot be decoded
   */
  read(bytes: Buffer, start: number, end: number): number {
    this.#status = TRAILERS;
    this.#sawRegularField = false;
    try {
      this.#decoder.decode(bytes, start, end);
    } catch (error) {
      if (error instanceof HpackError) throw new ConnectionError(COMPRESSION_ERROR, error.message);
      throw error;
    }
    return this.#status;
  }

  #take(name: string, value: string): void {
    if (name.charCodeAt(0) !== COLON) {
      this.#sawRegularField = true;
      return;
    }
    const isFirst = this.#status === TRAILERS && !this.#sawRegularField;
    this.#status = isFirst && name === ":status" ? parseStatus(value) : MALFORMED;
  }
}

function parseStatus(value: string): number {
  const status = value.length === 3 ? Number(value) : Number.NaN;
  return Number.isInteger(status) && status >= 100 && status < 600 ? status : MALFORMED;
}
