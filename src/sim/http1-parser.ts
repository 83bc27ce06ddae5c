/**
 * Reads the HTTP/1.1 responses of a connection (RFC 9112). Written by hand for its price: what
 * arrives whole is read in place, without a copy.
 */

import { type Head, HeadReader, MAX_HEAD_BYTES, MalformedError } from "./http1-head.ts";
import { type Body, MAX_BODY_BYTES } from "./transport.ts";

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
const LINE_END = Buffer.from("\r\n");
const NOTHING = Buffer.alloc(0);

/** Of all connections of this thread, which have one server. */
const heads = new HeadReader();

/** The parser of one connection. After `malformed` the connection is of no more use. */
export class Http1Parser {
  /** What has arrived. The responses before `#at` have been read. */
  #bytes: Buffer = NOTHING;
  #at = 0;
  /** Nothing more will arrive. */
  #isClosed = false;

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
      const head = heads.read(bytes, start);
      if (head === undefined) return INCOMPLETE;
      start += head.bytes;
      // An interim response (100 Continue, 103 Early Hints) precedes the one asked for.
      if (head.status < 200) continue;
      const framed = readBody(bytes, start, head, this.#isClosed);
      if (framed === undefined) return INCOMPLETE;
      this.#at = framed.responseEnd;
      const { status, keepAlive } = head;
      return { kind: "response", status, body: framed.body, keepAlive };
    }
  }
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
