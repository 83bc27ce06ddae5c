/**
 * One HTTP/2 connection from its preface to its end, without its socket: frames in, frames out
 * (RFC 9113). What belongs to one stream is in `streams.ts`.
 */
import type { ConnectionEvents } from "../transport.ts";
import { WriteBuffer } from "../write-buffer.ts";
import { ConnectionError, FrameReader, type FrameSink } from "./frame-reader.ts";
import {
  DEFAULT_WINDOW_BYTES,
  ENHANCE_YOUR_CALM,
  encodeFrame,
  encodeGoAway,
  encodeSettings,
  encodeWindowUpdate,
  errorName,
  FLAG,
  FLOW_CONTROL_ERROR,
  FRAME,
  FRAME_SIZE_ERROR,
  MAX_FRAME_BYTES,
  MAX_WINDOW_BYTES,
  NO_ERROR,
  PREFACE,
  PROTOCOL_ERROR,
  SETTING,
  SETTING_BYTES,
} from "./frames.ts";
import { paddingOf, type StreamLimits, Streams } from "./streams.ts";

/** What the server may send over all streams before it is told of more. */
const CONNECTION_WINDOW_BYTES = 1024 * 1024;
/** A header section, as it is encoded, and the frames it may come in. */
const MAX_HEADER_BLOCK_BYTES = 4 * MAX_FRAME_BYTES;
const MAX_HEADER_FRAMES = 16;
/** Stream dependency and weight, which mean nothing any more (section 5.3.2). */
const PRIORITY_BYTES = 5;
/** Above it a peer may not set the size of frames (section 6.5.2). */
const LARGEST_FRAME_BYTES = 2 ** 24 - 1;

/** A header section of which frames are still to come. */
interface OpenBlock {
  readonly streamId: number;
  readonly endsStream: boolean;
  readonly fragments: Buffer[];
  bytes: number;
}

export class Session implements FrameSink {
  /** What is to be written. */
  readonly out = new WriteBuffer();
  readonly streams: Streams;
  readonly #reader = new FrameReader(this);
  readonly #limits: StreamLimits;
  #maxStreams: number;
  #block: OpenBlock | undefined;
  #isSettled = false;
  #isGoingAway = false;
  #usedWindow = 0;
  /** What the server would take of us. Requests have no body, so it only grows. */
  #sendWindow = DEFAULT_WINDOW_BYTES;

  constructor(limits: StreamLimits, events: ConnectionEvents) {
    this.#limits = limits;
    this.#maxStreams = limits.streams;
    this.streams = new Streams(limits, this.out, events);
  }

  /** Our part of the preface (section 3.4). */
  begin(): void {
    this.out.append(PREFACE);
    this.out.append(
      encodeSettings([
        [SETTING.enablePush, 0],
        [SETTING.initialWindowSize, this.#limits.streamWindowBytes],
      ]),
    );
    this.out.append(encodeWindowUpdate(0, CONNECTION_WINDOW_BYTES - DEFAULT_WINDOW_BYTES));
  }

  /** The server's SETTINGS have come, which are its part of the preface. */
  get isSettled(): boolean {
    return this.#isSettled;
  }

  /** It takes no further request, and is over when those in flight have been answered. */
  get isEnding(): boolean {
    return this.#isGoingAway || this.streams.isSpent;
  }

  /** How many requests it takes now. */
  get room(): number {
    if (!this.#isSettled || this.isEnding) return 0;
    return Math.max(0, this.#maxStreams - this.streams.count);
  }

  /**
   * Takes what arrived.
   *
   * @throws ConnectionError when the connection is of no more use; GOAWAY has been put out
   */
  receive(chunk: Buffer): void {
    try {
      this.#reader.feed(chunk);
    } catch (error) {
      if (error instanceof ConnectionError) this.out.append(encodeGoAway(error.code));
      throw error;
    }
  }

  frame(
    type: number,
    flags: number,
    streamId: number,
    bytes: Buffer,
    start: number,
    end: number,
  ): void {
    if (!this.#isSettled && (type !== FRAME.settings || (flags & FLAG.ack) !== 0)) {
      throw new ConnectionError(PROTOCOL_ERROR, "the first frame is not SETTINGS");
    }
    if (this.#block !== undefined && type !== FRAME.continuation) {
      throw new ConnectionError(PROTOCOL_ERROR, "a frame came between those of a header");
    }
    switch (type) {
      case FRAME.data:
        this.#takeData(flags, streamId, bytes, start, end);
        break;
      case FRAME.headers:
        this.#takeHeaders(flags, streamId, bytes, start, end);
        break;
      case FRAME.continuation:
        this.#takeContinuation(flags, streamId, bytes, start, end);
        break;
      case FRAME.resetStream:
        requireSize(end - start === 4);
        this.streams.takeReset(streamId, bytes.readUInt32BE(start));
        break;
      case FRAME.windowUpdate:
        requireSize(end - start === 4);
        this.#takeWindowUpdate(streamId, bytes.readInt32BE(start) & 0x7fff_ffff);
        break;
      case FRAME.priority:
        requireSize(end - start === PRIORITY_BYTES);
        break;
      case FRAME.pushPromise:
        throw new ConnectionError(PROTOCOL_ERROR, "the server pushes, which was switched off");
      case FRAME.settings:
      case FRAME.ping:
      case FRAME.goAway:
        if (streamId !== 0) {
          throw new ConnectionError(PROTOCOL_ERROR, "a frame of the connection names a stream");
        }
        this.#takeControl(type, (flags & FLAG.ack) !== 0, bytes, start, end);
        break;
      // Frames of types that are not known are ignored (section 5.5).
    }
  }

  #takeData(flags: number, streamId: number, bytes: Buffer, start: number, end: number): void {
    // All of the payload counts for flow control, padding too (section 6.1).
    const flow = end - start;
    this.#usedWindow += flow;
    if (this.#usedWindow > CONNECTION_WINDOW_BYTES) {
      throw new ConnectionError(FLOW_CONTROL_ERROR, "the connection's window is exceeded");
    }
    if (this.#usedWindow >= CONNECTION_WINDOW_BYTES / 2) {
      this.out.append(encodeWindowUpdate(0, this.#usedWindow));
      this.#usedWindow = 0;
    }
    const padding = paddingOf(flags, bytes, start, end);
    const bodyStart = (flags & FLAG.padded) === 0 ? start : start + 1;
    const endsStream = (flags & FLAG.endStream) !== 0;
    this.streams.takeData(streamId, endsStream, flow, bytes, bodyStart, end - padding);
  }

  #takeHeaders(flags: number, streamId: number, bytes: Buffer, start: number, end: number): void {
    const blockEnd = end - paddingOf(flags, bytes, start, end);
    const blockStart =
      start +
      ((flags & FLAG.padded) === 0 ? 0 : 1) +
      ((flags & FLAG.priority) === 0 ? 0 : PRIORITY_BYTES);
    requireSize(blockStart <= blockEnd);
    const endsStream = (flags & FLAG.endStream) !== 0;
    if ((flags & FLAG.endHeaders) !== 0) {
      this.streams.takeHead(streamId, endsStream, bytes, blockStart, blockEnd);
      return;
    }
    const fragment = Buffer.from(bytes.subarray(blockStart, blockEnd));
    this.#block = { streamId, endsStream, fragments: [fragment], bytes: fragment.length };
  }

  #takeContinuation(
    flags: number,
    streamId: number,
    bytes: Buffer,
    start: number,
    end: number,
  ): void {
    const block = this.#block;
    if (block === undefined || block.streamId !== streamId) {
      throw new ConnectionError(PROTOCOL_ERROR, "a CONTINUATION continues nothing");
    }
    block.fragments.push(Buffer.from(bytes.subarray(start, end)));
    block.bytes += end - start;
    if (block.bytes > MAX_HEADER_BLOCK_BYTES || block.fragments.length > MAX_HEADER_FRAMES) {
      throw new ConnectionError(ENHANCE_YOUR_CALM, "the response's header is too long");
    }
    if ((flags & FLAG.endHeaders) === 0) return;
    this.#block = undefined;
    const whole = Buffer.concat(block.fragments);
    this.streams.takeHead(streamId, block.endsStream, whole, 0, whole.length);
  }

  #takeWindowUpdate(streamId: number, increment: number): void {
    if (streamId !== 0) {
      this.streams.takeWindowUpdate(streamId, increment);
      return;
    }
    this.#sendWindow += increment;
    if (increment === 0) {
      throw new ConnectionError(PROTOCOL_ERROR, "the window is opened by nothing");
    }
    if (this.#sendWindow > MAX_WINDOW_BYTES) {
      throw new ConnectionError(FLOW_CONTROL_ERROR, "the window is opened too far");
    }
  }

  #takeControl(type: number, isAck: boolean, bytes: Buffer, start: number, end: number): void {
    const size = end - start;
    if (type === FRAME.settings && isAck) requireSize(size === 0);
    else if (type === FRAME.settings) {
      requireSize(size % SETTING_BYTES === 0);
      for (let at = start; at < end; at += SETTING_BYTES) {
        this.#takeSetting(bytes.readUInt16BE(at), bytes.readUInt32BE(at + 2));
      }
      this.out.append(encodeFrame(FRAME.settings, FLAG.ack, 0));
      this.#isSettled = true;
    } else if (type === FRAME.ping) {
      requireSize(size === 8);
      const payload = bytes.subarray(start, end);
      if (!isAck) this.out.append(encodeFrame(FRAME.ping, FLAG.ack, 0, payload));
    } else {
      requireSize(size >= 8);
      this.#isGoingAway = true;
      const code = bytes.readUInt32BE(start + 4);
      // Streams above the last one named were not served; the others are still answered (6.8),
      // unless it is for an error: the server has closed the connection then, or should have (5.4.1).
      const lastServed = code === NO_ERROR ? bytes.readInt32BE(start) & 0x7fff_ffff : 0;
      this.streams.abandonAbove(lastServed, `the server went away (${errorName(code)})`);
    }
  }

  /** The server's table, windows and frames are never filled by us: see `request.ts`. */
  #takeSetting(id: number, value: number): void {
    if (id === SETTING.maxConcurrentStreams) {
      this.#maxStreams = Math.min(this.#limits.streams, value);
    } else if (id === SETTING.enablePush && value !== 0) {
      throw new ConnectionError(PROTOCOL_ERROR, "a server cannot switch pushing on");
    } else if (id === SETTING.initialWindowSize && value > MAX_WINDOW_BYTES) {
      throw new ConnectionError(FLOW_CONTROL_ERROR, "the initial window is too large");
    } else if (
      id === SETTING.maxFrameSize &&
      (value < MAX_FRAME_BYTES || value > LARGEST_FRAME_BYTES)
    ) {
      throw new ConnectionError(PROTOCOL_ERROR, "the frame size is out of range");
    }
  }
}

function requireSize(isRight: boolean): void {
  if (!isRight) throw new ConnectionError(FRAME_SIZE_ERROR, "a frame has a wrong length");
}
