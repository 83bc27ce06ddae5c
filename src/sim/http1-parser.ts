/**
 * Reads the HTTP/1.1 responses of a connection (RFC 9112). Written by hand for its price: what
 * arrives whole is read in place, without a copy.
 */

import type { Body } from "./transport.ts";

export const MAX_HEAD_BYTES = 16 * 1024;
export const MAX_BODY_BYTES = 64 * 1024;
/** The framing of a chunked body may be as large again as the body itself. */
const MAX_RESPONSE_BYTES = MAX_HEAD_BYTES + 2 * MAX_BODY_BYTES;

export type ParseResult =
  | { readonly kind: "incomplete" }
  | {
      readonly kind: "response";
      readonly status: number;
      readonly body: Body;
      /** False when the server will close the connection after this response. */
      readonly keepAlive: boolean;
    }
  | { readonly kind: "malformed"; readonly reason: string };

const INCOMPLETE = { kind: "incomplete" } as const;
const HEAD_END = Buffer.from("\r\n\r\n");
const LINE_END = Buffer.from("\r\n");
const NOTHING = Buffer.alloc(0);

interface Head {
  readonly status: number;
  readonly keepAlive: boolean;
  readonly body:
    | { readonly kind: "length"; readonly bytes: number }
    | { readonly kind: "chunked" }
    /** As long as the connection (RFC 9112, section 6.3, rule 8). */
    | { readonly kind: "close" };
}

/** Thrown inside this file only; `feed` turns it into a result. */
class MalformedError extends Error {}

/** The parser of one connection. After `malformed` the connection is of no more use. */
export class Http1Parser {
  /** What has arrived. The responses before `#at` have been read. */
  #bytes: Buffer = NOTHING;
  #at = 0;
  /** Nothing more will arrive. */
  #isClosed = false;
  /**
   * Servers repeat the same head but for the date, so the last one is kept, with the empty line that
   * ends it, and with its meaning.
   */
  #lastHeadBytes: Buffer = NOTHING;
  #lastHead: Head | undefined;

  /**
   * Takes the bytes that arrived next, however they were cut. Returns the response once it is
   * whole; `next` returns those that follow it, and must be asked until it returns `incomplete`,
   * before the chunk's memory is given back.
   */
  feed(chunk: Buffer): ParseResult {
    this.#bytes = this.isUnderWay ? Buffer.concat([this.#bytes, chunk]) : chunk;
    this.#at = 0;
    return this.next();
  }

  /** Reads another response from what has arrived. */
  next(): ParseResult {
    if (!this.isUnderWay) return INCOMPLETE;
    try {
      const result = this.#read();
      if (result.kind === "incomplete") this.#keep();
      return result;
    } catch (error) {
      if (!(error instanceof MalformedError)) throw error;
      return { kind: "malformed", reason: error.message };
    }
  }

  /**
   * The server has closed the connection, in order. Returns the response that this has made whole;
   * one that is cut off stays `incomplete`.
   */
  close(): ParseResult {
    this.#isClosed = true;
    return this.next();
  }

  /** Something has arrived after the last response that was returned. */
  get isUnderWay(): boolean {
    return this.#at < this.#bytes.length;
  }

  /** The chunk's memory is the socket's: what must outlive it is copied. */
  #keep(): void {
    this.#bytes = Buffer.from(this.#bytes.subarray(this.#at));
    this.#at = 0;
    if (this.#bytes.length > MAX_RESPONSE_BYTES)
      throw new MalformedError("the response is too long");
  }

  #read(): ParseResult {
    const bytes = this.#bytes;
    let start = this.#at;
    for (;;) {
      let head = this.#repeatedHead(bytes, start);
      if (head === undefined) {
        const headEnd = bytes.indexOf(HEAD_END, start);
        if ((headEnd === -1 ? bytes.length : headEnd) - start > MAX_HEAD_BYTES) {
          throw new MalformedError("the response's header is too long");
        }
        if (headEnd === -1) return INCOMPLETE;
        head = parseHead(bytes.toString("latin1", start, headEnd));
        this.#lastHead = head;
        this.#lastHeadBytes = Buffer.from(bytes.subarray(start, headEnd + HEAD_END.length));
      }
      start += this.#lastHeadBytes.length;
      // An interim response (100 Continue, 103 Early Hints) precedes the one asked for.
      if (head.status < 200) continue;
      const framed = readBody(bytes, start, head, this.#isClosed);
      if (framed === undefined) return INCOMPLETE;
      this.#at = framed.responseEnd;
      const { status, keepAlive } = head;
      return { kind: "response", status, body: framed.body, keepAlive };
    }
  }

  /** The last head, if these bytes begin with the same. */
  #repeatedHead(bytes: Buffer, start: number): Head | undefined {
    const { length } = this.#lastHeadBytes;
    if (bytes.length < start + length) return undefined;
    // A loop of ours is compiled into place; Buffer's own comparison is a call for every answer.
    for (let at = 0; at < length; at++) {
      if (bytes[start + at] !== this.#lastHeadBytes[at]) return undefined;
    }
    return this.#lastHead;
  }
}

/** A status line and header fields, without the empty line that ends them (RFC 9112, section 2). */
function parseHead(text: string): Head {
  const [statusLine = "", ...fields] = text.split("\r\n");
  const [, minorVersion, digits] = /^HTTP\/1\.([01]) ([1-5]\d\d)(?: |$)/.exec(statusLine) ?? [];
  if (digits === undefined) throw new MalformedError("the status line is not HTTP/1.1");
  const status = Number(digits);
  let keepAlive = minorVersion === "1";
  let chunked = false;
  let length: number | undefined;
  for (const field of fields) {
    const [, name, value] = /^([!#$%&'*+.^_`|~\w-]+):[ \t]*(.*?)[ \t]*$/.exec(field) ?? [];
    if (name === undefined || value === undefined) {
      throw new MalformedError("a header line is not a header field");
    }
    switch (name.toLowerCase()) {
      case "content-length":
        length = readLength(value, length);
        break;
      case "transfer-encoding":
        if (value.toLowerCase() !== "chunked") {
          throw new MalformedError("the transfer encoding is not chunked");
        }
        chunked = true;
        break;
      case "connection":
        if (/(^|,)\s*close\s*(,|$)/i.test(value)) keepAlive = false;
        break;
    }
  }
  // Chunked overrides a length (RFC 9112, section 6.3).
  if (chunked) return { status, keepAlive, body: { kind: "chunked" } };
  const bodyless = status < 200 || status === 204 || status === 304;
  const bytes = bodyless ? 0 : length;
  if (bytes === undefined) return { status, keepAlive: false, body: { kind: "close" } };
  return { status, keepAlive, body: { kind: "length", bytes } };
}

function readLength(value: string, earlier: number | undefined): number {
  if (!/^\d{1,15}$/.test(value)) throw new MalformedError("the content-length is not a number");
  const length = Number(value);
  if (earlier !== undefined && earlier !== length) {
    throw new MalformedError("the response has two content-lengths");
  }
  if (length > MAX_BODY_BYTES) throw new MalformedError("the response's body is too long");
  return length;
}

interface FramedBody {
  readonly body: Body;
  readonly responseEnd: number;
}

/** Undefined while it is incomplete. */
function readBody(
  bytes: Buffer,
  start: number,
  { body }: Head,
  isClosed: boolean,
): FramedBody | undefined {
  switch (body.kind) {
    case "chunked":
      return readChunks(bytes, start);
    case "length":
      return readSized(bytes, start, body.bytes);
    case "close":
      if (bytes.length - start > MAX_BODY_BYTES) {
        throw new MalformedError("the response's body is too long");
      }
      return isClosed ? readSized(bytes, start, bytes.length - start) : undefined;
  }
}

function readSized(bytes: Buffer, start: number, length: number): FramedBody | undefined {
  const end = start + length;
  if (bytes.length < end) return undefined;
  return { body: { bytes, start, end }, responseEnd: end };
}

/** A chunked body with its trailer section (RFC 9112, section 7.1); undefined while incomplete. */
function readChunks(bytes: Buffer, start: number): FramedBody | undefined {
  const parts: Buffer[] = [];
  let at = start;
  let total = 0;
  for (;;) {
    const line = readLine(bytes, at);
    if (line === undefined) return undefined;
    const [, hex] = /^([\da-f]{1,8})[ \t]*(?:;|$)/i.exec(line.text) ?? [];
    if (hex === undefined) throw new MalformedError("a chunk's size is not a number");
    const size = Number.parseInt(hex, 16);
    at = line.end;
    if (size === 0) break;
    total += size;
    if (total > MAX_BODY_BYTES) throw new MalformedError("the response's body is too long");
    const end = at + size;
    if (bytes.length < end + LINE_END.length) return undefined;
    if (bytes.indexOf(LINE_END, end) !== end) throw new MalformedError("a chunk has no end");
    parts.push(bytes.subarray(at, end));
    at = end + LINE_END.length;
  }
  for (;;) {
    const trailer = readLine(bytes, at);
    if (trailer === undefined) return undefined;
    at = trailer.end;
    if (trailer.text !== "") continue;
    const whole = Buffer.concat(parts);
    return { body: { bytes: whole, start: 0, end: whole.length }, responseEnd: at };
  }
}

interface Line {
  readonly text: string;
  /** Where the next one begins. */
  readonly end: number;
}

function readLine(bytes: Buffer, start: number): Line | undefined {
  const end = bytes.indexOf(LINE_END, start);
  if (end === -1) return undefined;
  return { text: bytes.toString("latin1", start, end), end: end + LINE_END.length };
}
