/** What a session says to frames that a server may send, right and wrong ones. */
import { describe, expect, test } from "bun:test";
import { FrameReader } from "./frame-reader.ts";
import {
  CANCEL,
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
  PREFACE,
  PROTOCOL_ERROR,
  SETTING,
} from "./frames.ts";
import { literalField } from "./hpack-encoder.ts";
import { encodeHttp2Request } from "./request.ts";
import { Session } from "./session.ts";
import { MAX_STREAM_ID } from "./stream-table.ts";

const STATUS_200 = Buffer.from([0x88]);
const END = FLAG.endHeaders | FLAG.endStream;
const REQUEST = encodeHttp2Request({
  method: "POST",
  scheme: "http",
  authority: "example.com",
  path: "/",
  authorization: undefined,
});

interface Sent {
  readonly type: number;
  readonly flags: number;
  readonly streamId: number;
  readonly payload: string;
}

/** A session with so many requests in flight: streams 1, 3, 5 … with the tags 0, 1, 2 … */
function begin(
  requests: number,
  limits: { readonly lastStreamId?: number; readonly streamWindowBytes?: number } = {},
) {
  const told: string[] = [];
  const session = new Session(
    { streams: 4, streamWindowBytes: 65_535, lastStreamId: MAX_STREAM_ID, ...limits },
    {
      answered: (tag, status, body, sentAtMs) => told.push(`${tag}@${sentAtMs}: ${status} ${body}`),
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
function takeSent(session: Session, skip = 0): Sent[] {
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

function headers(streamId: number, flags: number, block: Uint8Array): Buffer {
  return encodeFrame(FRAME.headers, flags, streamId, block);
}

function data(streamId: number, flags: number, text: string): Buffer {
  return encodeFrame(FRAME.data, flags, streamId, Buffer.from(text));
}

describe("answers", () => {
  test("in any order, each to its request", () => {
    const { session, told } = begin(2);
    session.receive(
      Buffer.concat([
        headers(3, FLAG.endHeaders, STATUS_200),
        headers(1, FLAG.endHeaders, Buffer.from([0x8d])),
        data(3, FLAG.endStream, "three"),
        data(1, 0, "o"),
        data(1, 0, "ne"),
        data(1, FLAG.endStream, ""),
      ]),
    );
    expect(told).toEqual(["1@101: 200 three", "0@100: 404 one"]);
    expect(session.streams.count).toBe(0);
  });

  test("with padding, priority, an interim response, continuations and trailers", () => {
    const { session, told } = begin(1);
    const block = Buffer.concat([STATUS_200, literalField("server", "x")]);
    const interim = literalField(":status", "103");
    session.receive(
      Buffer.concat([
        headers(1, FLAG.endHeaders, interim),
        headers(
          1,
          FLAG.padded | FLAG.priority,
          Buffer.concat([Buffer.from([2, 0, 0, 0, 0, 9]), block.subarray(0, 2), Buffer.alloc(2)]),
        ),
        encodeFrame(FRAME.continuation, 0, 1, block.subarray(2, 3)),
        encodeFrame(FRAME.continuation, FLAG.endHeaders, 1, block.subarray(3)),
        data(1, FLAG.padded, "\u0003body\0\0\0"),
        headers(1, END, literalField("etag", "x")),
      ]),
    );
    expect(told).toEqual(["0@100: 200 body"]);
  });

  test("without a body", () => {
    const { session, told } = begin(1);
    session.receive(headers(1, END, STATUS_200));
    expect(told).toEqual(["0@100: 200 "]);
  });

  test.each([
    ["a body before its header", data(1, 0, "x")],
    ["no status", headers(1, END, literalField("server", "x"))],
    ["a status that is none", headers(1, END, literalField(":status", "20x"))],
    ["a status of four digits", headers(1, END, literalField(":status", "0200"))],
    ["two statuses", headers(1, END, Buffer.concat([STATUS_200, STATUS_200]))],
    [
      "a status after another field",
      headers(1, END, Buffer.concat([literalField("etag", "x"), STATUS_200])),
    ],
    [
      "another pseudo-header",
      headers(1, END, Buffer.concat([STATUS_200, literalField(":path", "/")])),
    ],
    ["an interim response that ends it", headers(1, END, literalField(":status", "103"))],
  ])("malformed: %s", (_name, frame) => {
    const { session, told } = begin(1);
    session.receive(frame);
    expect(told).toEqual([expect.stringMatching(/^0: a malformed answer: /)]);
    expect(takeSent(session)).toEqual([
      { type: FRAME.resetStream, flags: 0, streamId: 1, payload: "00000001" },
    ]);
  });

  test("malformed: trailers that do not end it, or are a second header", () => {
    for (const trailer of [
      headers(1, FLAG.endHeaders, literalField("etag", "x")),
      headers(1, END, STATUS_200),
    ]) {
      const { session, told } = begin(1);
      session.receive(Buffer.concat([headers(1, FLAG.endHeaders, STATUS_200), trailer]));
      expect(told).toEqual([expect.stringMatching(/^0: a malformed answer: /)]);
    }
  });

  test("a body that is too long is not taken", () => {
    const { session, told } = begin(1, { streamWindowBytes: 2 ** 20 });
    session.receive(headers(1, FLAG.endHeaders, STATUS_200));
    for (let part = 0; part < 5; part++) session.receive(data(1, 0, "x".repeat(MAX_FRAME_BYTES)));
    expect(told).toEqual(["0: a malformed answer: the response's body is too long"]);
    expect(takeSent(session).at(-1)?.payload).toBe(`0000000${CANCEL}`);
  });
});

describe("streams that the server gives up", () => {
  test("RST_STREAM leaves its request unanswered, and frees its room", () => {
    const { session, told } = begin(4);
    expect(session.room).toBe(0);
    session.receive(encodeResetStream(5, 7));
    expect(told).toEqual(["2: the server reset the stream (REFUSED_STREAM)"]);
    expect(session.room).toBe(1);
  });

  test("GOAWAY: later streams are lost, earlier ones are still answered, no new one is opened", () => {
    const { session, told } = begin(3);
    const payload = Buffer.from([0, 0, 0, 3, 0, 0, 0, 11, 0x21]);
    session.receive(encodeFrame(FRAME.goAway, 0, 0, payload));
    expect(told).toEqual(["2: the server went away (ENHANCE_YOUR_CALM)"]);
    expect([session.room, session.isEnding, session.streams.count]).toEqual([0, true, 2]);
    session.receive(Buffer.concat([headers(3, END, STATUS_200), headers(1, END, STATUS_200)]));
    expect(told.slice(1)).toEqual(["1@101: 200 ", "0@100: 200 "]);
  });

  test("what comes for a stream that is over is ignored, but its header is learnt from", () => {
    const { session, told } = begin(2);
    session.streams.resetLate(100, "late");
    const indexing = Buffer.from("4803333037", "hex");
    session.receive(
      Buffer.concat([
        headers(1, FLAG.endHeaders, indexing),
        data(1, FLAG.endStream, "x"),
        encodeWindowUpdate(1, 5),
        encodeResetStream(1, 0),
        headers(3, END, Buffer.from([0xbe])),
      ]),
    );
    expect(told).toEqual(["0: late", "1@101: 307 "]);
  });
});

describe("the connection", () => {
  test("its preface switches pushing off and opens the window", () => {
    const session = new Session(
      { streams: 1, streamWindowBytes: 1_000, lastStreamId: MAX_STREAM_ID },
      { answered() {}, unanswered() {}, ready() {}, lost() {} },
    );
    session.begin();
    expect(session.room).toBe(0);
    expect(takeSent(session, PREFACE.length)).toEqual([
      { type: FRAME.settings, flags: 0, streamId: 0, payload: "0002000000000004000003e8" },
      { type: FRAME.windowUpdate, flags: 0, streamId: 0, payload: "000f0001" },
    ]);
  });

  test("settings and pings are acknowledged, and the server's limit of streams holds", () => {
    const { session } = begin(1);
    const ping = Buffer.from("12345678");
    session.receive(
      Buffer.concat([
        encodeSettings([
          [SETTING.maxConcurrentStreams, 3],
          [0xff, 1],
        ]),
        encodeFrame(FRAME.ping, 0, 0, ping),
        encodeFrame(FRAME.ping, FLAG.ack, 0, ping),
        encodeFrame(FRAME.settings, FLAG.ack, 0),
        encodeFrame(0xbe, 0xff, 1, ping),
      ]),
    );
    expect(takeSent(session)).toEqual([
      { type: FRAME.settings, flags: FLAG.ack, streamId: 0, payload: "" },
      { type: FRAME.ping, flags: FLAG.ack, streamId: 0, payload: ping.toString("hex") },
    ]);
    expect(session.room).toBe(2);
    session.receive(encodeSettings([[SETTING.maxConcurrentStreams, 0]]));
    expect(session.room).toBe(0);
    session.receive(encodeSettings([[SETTING.maxConcurrentStreams, 1_000]]));
    expect(session.room).toBe(3);
  });

  test("the windows are opened again as they are used", () => {
    const { session, told } = begin(1, { streamWindowBytes: 10 });
    session.receive(Buffer.concat([headers(1, FLAG.endHeaders, STATUS_200), data(1, 0, "12345")]));
    expect(takeSent(session)).toEqual([
      { type: FRAME.windowUpdate, flags: 0, streamId: 1, payload: "00000005" },
    ]);
    session.receive(data(1, FLAG.endStream, "67890"));
    expect(told).toEqual(["0@100: 200 1234567890"]);
    // Half of the connection's window, in frames for a stream that is over.
    for (let part = 0; part < 32; part++) session.receive(data(1, 0, "x".repeat(MAX_FRAME_BYTES)));
    expect(takeSent(session)).toEqual([
      {
        type: FRAME.windowUpdate,
        flags: 0,
        streamId: 0,
        payload: (32 * MAX_FRAME_BYTES + 10).toString(16).padStart(8, "0"),
      },
    ]);
  });

  test("a stream beyond its window is reset", () => {
    const { session, told } = begin(1, { streamWindowBytes: 10 });
    session.receive(
      Buffer.concat([headers(1, FLAG.endHeaders, STATUS_200), data(1, 0, "12345678901")]),
    );
    expect(told).toEqual(["0: HTTP/2: the stream's window is exceeded"]);
    expect(takeSent(session)[0]?.payload).toBe(`0000000${FLOW_CONTROL_ERROR}`);
  });

  test("is over when the streams' numbers are", () => {
    const { session } = begin(2, { lastStreamId: 5 });
    expect([session.room, session.isEnding]).toEqual([2, false]);
    session.streams.open(REQUEST, 0, REQUEST.length, 2, 0);
    expect([session.room, session.isEnding]).toEqual([0, true]);
  });

  test("a slow stream's place is passed over", () => {
    const { session, told } = begin(2);
    for (let round = 0; round < 20; round++) {
      session.streams.open(REQUEST, 0, REQUEST.length, 100 + round, 0);
      const streamId = takeSent(session).at(-1)?.streamId ?? 0;
      session.receive(headers(streamId, END, STATUS_200));
    }
    expect(told).toEqual(Array.from({ length: 20 }, (_, round) => `${100 + round}@0: 200 `));
    session.receive(Buffer.concat([headers(1, END, STATUS_200), headers(3, END, STATUS_200)]));
    expect(told.slice(20)).toEqual(["0@100: 200 ", "1@101: 200 "]);
  });

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
    [
      "CONTINUATION of nothing",
      PROTOCOL_ERROR,
      encodeFrame(FRAME.continuation, FLAG.endHeaders, 1),
    ],
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
    [
      "GOAWAY of a wrong length",
      FRAME_SIZE_ERROR,
      encodeFrame(FRAME.goAway, 0, 0, Buffer.alloc(7)),
    ],
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
});
