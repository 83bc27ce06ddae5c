/**
 * A request as HTTP/2 (RFC 9113, section 8.3): one HEADERS frame, whole but for its stream. Whoever
 * sends it writes the stream's number over STREAM_ID_OFFSET.
 */
import type { RequestHead } from "../transport.ts";
import { encodeFrame, FLAG, FRAME, MAX_FRAME_BYTES } from "./frames.ts";
import { indexedField, literalField, secretField, withoutTable } from "./hpack-encoder.ts";

/** Where a frame's header has the number of its stream, in 4 bytes. */
export const STREAM_ID_OFFSET = 5;

export function encodeHttp2Request(head: RequestHead): Buffer {
  const { method, scheme, authority, path, authorization } = head;
  const block = Buffer.concat([
    withoutTable(),
    indexedField(":method", method),
    indexedField(":scheme", scheme),
    literalField(":authority", authority),
    literalField(":path", path),
    ...(authorization === undefined ? [] : [secretField("authorization", authorization)]),
  ]);
  if (block.length > MAX_FRAME_BYTES) {
    throw new Error(`a request's header is longer than ${MAX_FRAME_BYTES} bytes`);
  }
  return encodeFrame(FRAME.headers, FLAG.endHeaders | FLAG.endStream, 0, block);
}
