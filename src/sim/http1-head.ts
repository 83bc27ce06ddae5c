/** The head of an HTTP/1.1 response: its status line and its header fields (RFC 9112, section 2). */
import { sameBytes } from "./same-bytes.ts";
import { MAX_BODY_BYTES } from "./transport.ts";

export const MAX_HEAD_BYTES = 16 * 1024;
/** A rush is answered in a few ways only. */
const KEPT_HEADS = 8;

const HEAD_END = Buffer.from("\r\n\r\n");

export interface Head {
  /** Its length, with the empty line that ends it. */
  readonly bytes: number;
  readonly status: number;
  /** False when the server will close the connection after this response. */
  readonly keepAlive: boolean;
  readonly body:
    | { readonly kind: "length"; readonly bytes: number }
    | { readonly kind: "chunked" }
    /** As long as the connection (RFC 9112, section 6.3, rule 8). */
    | { readonly kind: "close" };
}

/** What has arrived is no response, or a longer one than is taken. */
export class MalformedError extends Error {}

interface KeptHead {
  readonly text: Buffer;
  readonly head: Head;
}

/** Servers repeat their heads but for the date, so the last ones are kept with their meaning. */
export class HeadReader {
  readonly #kept: KeptHead[] = [];

  /** The head that begins there; undefined while it is incomplete. @throws MalformedError */
  read(bytes: Buffer, start: number): Head | undefined {
    for (let place = 0; place < this.#kept.length; place++) {
      const kept = this.#kept[place];
      if (kept === undefined || !sameBytes(bytes, start, kept.text)) continue;
      if (place > 0) this.#promote(place, kept);
      return kept.head;
    }
    const end = bytes.indexOf(HEAD_END, start);
    if ((end === -1 ? bytes.length : end) - start > MAX_HEAD_BYTES) {
      throw new MalformedError("the response's header is too long");
    }
    if (end === -1) return undefined;
    const text = Buffer.from(bytes.subarray(start, end + HEAD_END.length));
    const head = { bytes: text.length, ...parseHead(bytes.toString("latin1", start, end)) };
    this.#kept.unshift({ text, head });
    if (this.#kept.length > KEPT_HEADS) this.#kept.pop();
    return head;
  }

  /** It is asked first next time. */
  #promote(place: number, kept: KeptHead): void {
    const [first] = this.#kept;
    if (first !== undefined) this.#kept[place] = first;
    this.#kept[0] = kept;
  }
}

/** @param text without the empty line that ends it */
function parseHead(text: string): Omit<Head, "bytes"> {
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
