/** A session for tests: what it is sent, what it tells, what it puts out. */
import { FrameReader } from "../../src/sim/http2/frame-reader.ts";
import { encodeFrame, encodeSettings, FLAG, FRAME, PREFACE } from "../../src/sim/http2/frames.ts";
import { encodeHttp2Request } from "../../src/sim/http2/request.ts";
import { Session } from "../../src/sim/http2/session.ts";
import { MAX_STREAM_ID } from "../../src/sim/http2/stream-table.ts";
import { textOf } from "../../src/sim/transport.ts";

export const REQUEST = encodeHttp2Request({
  method: "POST",
  scheme: "http",
  authority: "example.com",
  path: "/",
  authorization: undefined,
});

/** The header section of a response with status 200: an entry of the static table. */
export const STATUS_200 = Buffer.from([0x88]);

export interface Sent {
  readonly type: number;
  readonly flags: number;
  readonly streamId: number;
  readonly payload: string;
}

/** Ends a header section, and its stream. */
export const END = FLAG.endHeaders | FLAG.endStream;

/** A session with so many requests in flight: streams 1, 3, 5 … with the tags 0, 1, 2 … */
export function begin(
  requests: number,
  limits: { readonly lastStreamId?: number; readonly streamWindowBytes?: number } = {},
) {
  const told: string[] = [];
  const session = new Session(
    { streams: 4, streamWindowBytes: 65_535, lastStreamId: MAX_STREAM_ID, ...limits },
    {
      answered: (tag, status, body, sentAtMs) =>
        told.push(`${tag}@${sentAtMs}: ${status} ${textOf(body)}`),
      unanswered: (tag, reason) => told.push(`${tag}: ${reason}`),
      ready: () => undefined,
      lost: () => undefined,
    },
  );
  session.begin();
  session.receive(encodeSettings([]));
  takeSent(session, PREFACE.length);
  for (let tag = 0; tag < requests; tag++) {
    session.streams.open(REQUEST, 0, REQUEST.length, tag, 100 + tag);
  }
  takeSent(session);
  return { session, told };
}

/** What the session has put out since the last time, as frames. */
export function takeSent(session: Session, skip = 0): Sent[] {
  const sent: Sent[] = [];
  const reader = new FrameReader({
    frame: (type, flags, streamId, bytes, start, end) => {
      sent.push({ type, flags, streamId, payload: bytes.toString("hex", start, end) });
    },
  });
  session.out.drainTo({
    write: (bytes, offset, length) => {
      reader.feed(Buffer.from(bytes.subarray(offset + skip, offset + length)));
      return length;
    },
  });
  return sent;
}

export function headers(streamId: number, flags: number, block: Uint8Array): Buffer {
  return encodeFrame(FRAME.headers, flags, streamId, block);
}

export function data(streamId: number, flags: number, text: string): Buffer {
  return encodeFrame(FRAME.data, flags, streamId, Buffer.from(text));
}
