/** Cuts what arrives on a connection into frames (RFC 9113, section 4.1), however it was split. */
import { FRAME_HEADER_BYTES, FRAME_SIZE_ERROR, MAX_FRAME_BYTES } from "./frames.ts";

/** The peer broke the protocol, or a limit: the connection ends with this error code. */
export class ConnectionError extends Error {
  readonly code: number;

  constructor(code: number, reason: string) {
    super(reason);
    this.code = code;
  }
}

export interface FrameSink {
  /** A whole frame; its payload is the bytes from start to end, which are the socket's memory. */
  frame(
    type: number,
    flags: number,
    streamId: number,
    bytes: Buffer,
    start: number,
    end: number,
  ): void;
}

export class FrameReader {
  readonly #sink: FrameSink;
  /** The beginning of a frame of which the rest has not arrived. */
  #pending: Buffer | undefined;

  constructor(sink: FrameSink) {
    this.#sink = sink;
  }

  /** @throws ConnectionError when a frame is longer than we take */
  feed(chunk: Buffer): void {
    const bytes = this.#pending === undefined ? chunk : Buffer.concat([this.#pending, chunk]);
    this.#pending = undefined;
    let at = 0;
    while (at + FRAME_HEADER_BYTES <= bytes.length) {
      const length =
        (byteAt(bytes, at) << 16) | (byteAt(bytes, at + 1) << 8) | byteAt(bytes, at + 2);
      if (length > MAX_FRAME_BYTES)
        throw new ConnectionError(FRAME_SIZE_ERROR, "a frame is too long");
      const start = at + FRAME_HEADER_BYTES;
      const end = start + length;
      if (end > bytes.length) break;
      const streamId = bytes.readInt32BE(at + 5) & 0x7fff_ffff;
      this.#sink.frame(byteAt(bytes, at + 3), byteAt(bytes, at + 4), streamId, bytes, start, end);
      at = end;
    }
    if (at < bytes.length) this.#pending = Buffer.from(bytes.subarray(at));
  }
}

function byteAt(bytes: Buffer, at: number): number {
  return bytes[at] ?? 0;
}
