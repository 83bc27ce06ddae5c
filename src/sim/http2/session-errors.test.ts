/** What ends a session: each error of RFC 9113 with its code. */
import { expect, test } from "bun:test";
import {
  begin,
  data,
  END,
  headers,
  STATUS_200,
  takeSent,
} from "../../../test/support/http2-session.ts";
import {
  COMPRESSION_ERROR,
  ENHANCE_YOUR_CALM,
  encodeFrame,
  encodeResetStream,
  encodeSettings,
  encodeWindowUpdate,
  FLAG,
  FLOW_CONTROL_ERROR,
  FRAME,
  FRAME_SIZE_ERROR,
  MAX_FRAME_BYTES,
  PROTOCOL_ERROR,
  SETTING,
} from "./frames.ts";
import { Session } from "./session.ts";
import { MAX_STREAM_ID } from "./stream-table.ts";

const settings = encodeSettings([]);
const opening = headers(1, 0, STATUS_200);
const continuation = encodeFrame(FRAME.continuation, 0, 1, Buffer.alloc(MAX_FRAME_BYTES));
test.each([
  ["DATA for the connection", PROTOCOL_ERROR, data(0, 0, "x")],
  ["HEADERS for a stream that never was", PROTOCOL_ERROR, headers(9, END, STATUS_200)],
  ["a stream of the server's", PROTOCOL_ERROR, headers(2, END, STATUS_200)],
  ["RST_STREAM for an idle stream", PROTOCOL_ERROR, encodeResetStream(9, 0)],
  [
    "RST_STREAM of a wrong length",
    FRAME_SIZE_ERROR,
    encodeFrame(FRAME.resetStream, 0, 1, Buffer.alloc(3)),
  ],
  [
    "PUSH_PROMISE",
    PROTOCOL_ERROR,
    encodeFrame(FRAME.pushPromise, FLAG.endHeaders, 1, Buffer.alloc(4)),
  ],
  ["CONTINUATION of nothing", PROTOCOL_ERROR, encodeFrame(FRAME.continuation, FLAG.endHeaders, 1)],
  ["a frame between those of a header", PROTOCOL_ERROR, Buffer.concat([opening, settings])],
  [
    "CONTINUATION of another stream",
    PROTOCOL_ERROR,
    Buffer.concat([opening, encodeFrame(FRAME.continuation, 4, 3)]),
  ],
  [
    "a header without end",
    ENHANCE_YOUR_CALM,
    Buffer.concat([opening, ...Array.from({ length: 4 }, () => continuation)]),
  ],
  [
    "a header in too many frames",
    ENHANCE_YOUR_CALM,
    Buffer.concat([
      opening,
      ...Array.from({ length: 16 }, () => encodeFrame(FRAME.continuation, 0, 1)),
    ]),
  ],
  ["a header that is not HPACK", COMPRESSION_ERROR, headers(1, END, Buffer.from([0xff]))],
  ["padding beyond the frame", PROTOCOL_ERROR, data(1, FLAG.padded, "\u0005x")],
  ["a padded frame without length", FRAME_SIZE_ERROR, data(1, FLAG.padded, "")],
  [
    "HEADERS too short for their priority",
    FRAME_SIZE_ERROR,
    headers(1, FLAG.priority | END, STATUS_200),
  ],
  ["SETTINGS of a stream", PROTOCOL_ERROR, encodeFrame(FRAME.settings, 0, 1)],
  [
    "SETTINGS of a wrong length",
    FRAME_SIZE_ERROR,
    encodeFrame(FRAME.settings, 0, 0, Buffer.alloc(5)),
  ],
  [
    "an acknowledgement with settings",
    FRAME_SIZE_ERROR,
    encodeFrame(FRAME.settings, FLAG.ack, 0, Buffer.alloc(6)),
  ],
  ["pushing switched on", PROTOCOL_ERROR, encodeSettings([[SETTING.enablePush, 1]])],
  [
    "an initial window too large",
    FLOW_CONTROL_ERROR,
    encodeSettings([[SETTING.initialWindowSize, 2 ** 31]]),
  ],
  ["a frame size too small", PROTOCOL_ERROR, encodeSettings([[SETTING.maxFrameSize, 16_383]])],
  ["PING of a wrong length", FRAME_SIZE_ERROR, encodeFrame(FRAME.ping, 0, 0, Buffer.alloc(7))],
  ["GOAWAY of a wrong length", FRAME_SIZE_ERROR, encodeFrame(FRAME.goAway, 0, 0, Buffer.alloc(7))],
  ["WINDOW_UPDATE by nothing", PROTOCOL_ERROR, encodeWindowUpdate(0, 0)],
  ["a window that overflows", FLOW_CONTROL_ERROR, encodeWindowUpdate(0, 2 ** 31 - 1)],
  [
    "PRIORITY of a wrong length",
    FRAME_SIZE_ERROR,
    encodeFrame(FRAME.priority, 0, 1, Buffer.alloc(4)),
  ],
])("ends for %s", (_name, code, bytes) => {
  const { session } = begin(2);
  expect(() => session.receive(bytes)).toThrow();
  const goAway = takeSent(session).at(-1);
  expect(goAway).toEqual({
    type: FRAME.goAway,
    flags: 0,
    streamId: 0,
    payload: `00000000${code.toString(16).padStart(8, "0")}`,
  });
});

test("the connection is no stream, also when no stream is open", () => {
  const { session } = begin(0);
  expect(() => session.receive(data(0, FLAG.endStream, "x"))).toThrow("a stream that never was");
});

test("a server that begins with anything but SETTINGS is none", () => {
  for (const bytes of [
    Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n"),
    encodeFrame(FRAME.ping, 0, 0, Buffer.alloc(8)),
    encodeFrame(FRAME.settings, FLAG.ack, 0),
  ]) {
    const session = new Session(
      { streams: 1, streamWindowBytes: 1_000, lastStreamId: MAX_STREAM_ID },
      { answered() {}, unanswered() {}, ready() {}, lost() {} },
    );
    expect(() => session.receive(bytes)).toThrow();
    expect(session.isSettled).toBe(false);
  }
});
