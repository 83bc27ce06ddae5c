/** The stream half of a connection (RFC 9113, sections 5.1, 6.1, 6.2 and 8.1): requests to answers. */
import { type Body, type ConnectionEvents, MAX_BODY_BYTES } from "../transport.ts";
import type { WriteBuffer } from "../write-buffer.ts";
import { ConnectionError } from "./frame-reader.ts";
import {
  CANCEL,
  encodeResetStream,
  encodeWindowUpdate,
  errorName,
  FLAG,
  FLOW_CONTROL_ERROR,
  FRAME_SIZE_ERROR,
  PROTOCOL_ERROR,
} from "./frames.ts";
import { STREAM_ID_OFFSET } from "./request.ts";
import { MALFORMED, ResponseHeadReader, TRAILERS } from "./response-head.ts";
import { NO_STREAM, StreamTable } from "./stream-table.ts";

const NO_BODY = Buffer.alloc(0);
/** Below it a status is interim: the response is still to come. */
const FIRST_FINAL_STATUS = 200;

export interface StreamLimits {
  /** Requests in flight. */
  readonly streams: number;
  /** The flow-control window of each stream that the server is told of. */
  readonly streamWindowBytes: number;
  /** The last stream's number. */
  readonly lastStreamId: number;
}

export class Streams {
  readonly #windowBytes: number;
  readonly #out: WriteBuffer;
  readonly #events: ConnectionEvents;
  readonly #table: StreamTable;
  readonly #heads = new ResponseHeadReader();
  /** No request was sent before this and is still in flight. */
  #oldestMs = Number.POSITIVE_INFINITY;

  constructor(limits: StreamLimits, out: WriteBuffer, events: ConnectionEvents) {
    this.#windowBytes = limits.streamWindowBytes;
    this.#out = out;
    this.#events = events;
    this.#table = new StreamTable(limits.streams, limits.lastStreamId);
  }

  get count(): number {
    return this.#table.count;
  }

  /** No further stream can be opened. */
  get isSpent(): boolean {
    return this.#table.isSpent;
  }

  open(bytes: Uint8Array, start: number, end: number, tag: number, nowMs: number): void {
    const id = this.#table.add(tag, nowMs);
    if (nowMs < this.#oldestMs) this.#oldestMs = nowMs;
    this.#out.patchUint32(id, this.#out.append(bytes, start, end) + STREAM_ID_OFFSET);
  }

  /** Whether a request that was sent by then is still in flight. */
  hasLate(untilMs: number): boolean {
    if (this.#oldestMs > untilMs) return false;
    this.#oldestMs = this.#table.oldestMs();
    return this.#oldestMs <= untilMs;
  }

  /** Resets the streams that were opened by then. */
  resetLate(untilMs: number, reason: string): void {
    for (const place of this.#table.select(0, untilMs)) this.#giveUp(place, CANCEL, reason);
    this.#oldestMs = this.#table.oldestMs();
  }

  /** None of the streams above this number will be answered. */
  abandonAbove(id: number, reason: string): void {
    for (const place of this.#table.select(id)) this.#conclude(place, reason);
  }

  /** The payload of a DATA frame without its padding; `flow` is what flow control counts. */
  takeData(
    streamId: number,
    endsStream: boolean,
    flow: number,
    bytes: Buffer,
    start: number,
    end: number,
  ): void {
    const table = this.#table;
    const place = this.#placeOf(streamId);
    if (place === NO_STREAM) return;
    const earlier = table.bodies[place];
    const used = (table.usedWindow[place] ?? 0) + flow;
    if ((table.statuses[place] ?? 0) < FIRST_FINAL_STATUS) {
      this.#giveUp(place, PROTOCOL_ERROR, "a malformed answer: its body comes before its header");
    } else if (used > this.#windowBytes) {
      this.#giveUp(place, FLOW_CONTROL_ERROR, "HTTP/2: the stream's window is exceeded");
    } else if ((earlier?.length ?? 0) + end - start > MAX_BODY_BYTES) {
      this.#giveUp(place, CANCEL, "a malformed answer: the response's body is too long");
    } else if (!endsStream) {
      const part = bytes.subarray(start, end);
      table.bodies[place] = Buffer.concat(earlier === undefined ? [part] : [earlier, part]);
      this.#countUsed(place, used);
    } else if (earlier === undefined) this.#answer(place, { bytes, start, end });
    else this.#answer(place, wholeOf(Buffer.concat([earlier, bytes.subarray(start, end)])));
  }

  /** Opens the stream's window again when half of it is used. */
  #countUsed(place: number, used: number): void {
    const reopens = used >= this.#windowBytes / 2;
    if (reopens) this.#out.append(encodeWindowUpdate(this.#table.idAt(place), used));
    this.#table.usedWindow[place] = reopens ? 0 : used;
  }

  /** A whole header or trailer section. It is decoded in any case: the decoder learns from it. */
  takeHead(streamId: number, endsStream: boolean, bytes: Buffer, start: number, end: number): void {
    const place = this.#placeOf(streamId);
    const status = this.#heads.read(bytes, start, end);
    if (place === NO_STREAM) return;
    const isTrailer = (this.#table.statuses[place] ?? 0) >= FIRST_FINAL_STATUS;
    const isInterim = status < FIRST_FINAL_STATUS;
    const isRight = isTrailer
      ? status === TRAILERS && endsStream
      : status !== TRAILERS && status !== MALFORMED && !(isInterim && endsStream);
    if (!isRight) {
      this.#giveUp(place, PROTOCOL_ERROR, "a malformed answer: its header is not a response's");
      return;
    }
    if (!isTrailer) this.#table.statuses[place] = status;
    if (endsStream) this.#answer(place, wholeOf(this.#table.bodies[place] ?? NO_BODY));
  }

  takeReset(streamId: number, errorCode: number): void {
    const place = this.#placeOf(streamId);
    if (place === NO_STREAM) return;
    this.#conclude(place, `the server reset the stream (${errorName(errorCode)})`);
  }

  /** A WINDOW_UPDATE. Requests have no body, so only its form matters. */
  takeWindowUpdate(streamId: number, increment: number): void {
    const place = this.#placeOf(streamId);
    if (place !== NO_STREAM && increment === 0) {
      this.#giveUp(place, PROTOCOL_ERROR, "HTTP/2: a window is opened by nothing");
    }
  }

  /** The place of the stream that a frame is about; NO_STREAM for one that is over. */
  #placeOf(streamId: number): number {
    const place = this.#table.find(streamId);
    if (place === NO_STREAM && !this.#table.wasOpened(streamId)) {
      throw new ConnectionError(PROTOCOL_ERROR, "a frame is about a stream that never was");
    }
    return place;
  }

  #answer(place: number, body: Body): void {
    const table = this.#table;
    const status = table.statuses[place] ?? 0;
    table.remove(place);
    this.#events.answered(table.tagAt(place), status, body, table.sentAtMs(place));
  }

  /** Closes a stream from our side. */
  #giveUp(place: number, errorCode: number, reason: string): void {
    this.#out.append(encodeResetStream(this.#table.idAt(place), errorCode));
    this.#conclude(place, reason);
  }

  #conclude(place: number, reason: string): void {
    const table = this.#table;
    table.remove(place);
    this.#events.unanswered(table.tagAt(place), reason, table.sentAtMs(place));
  }
}

function wholeOf(bytes: Buffer): Body {
  return { bytes, start: 0, end: bytes.length };
}

/** How many bytes at the end of a DATA or HEADERS frame are padding (section 6.1). */
export function paddingOf(flags: number, bytes: Buffer, start: number, end: number): number {
  if ((flags & FLAG.padded) === 0) return 0;
  if (start === end) throw new ConnectionError(FRAME_SIZE_ERROR, "a frame has a wrong length");
  const padding = bytes[start] ?? 0;
  if (padding >= end - start) {
    throw new ConnectionError(PROTOCOL_ERROR, "a frame is padded beyond its length");
  }
  return padding;
}
