/** What a session says to frames that a server may send, right and wrong ones. */
import { describe, expect, test } from "bun:test";
import {
  begin,
  data,
  END,
  headers,
  REQUEST,
  STATUS_200,
  takeSent,
} from "../../../test/support/http2-session.ts";
import {
  CANCEL,
  encodeFrame,
  encodeResetStream,
  encodeSettings,
  encodeWindowUpdate,
  FLAG,
  FLOW_CONTROL_ERROR,
  FRAME,
  MAX_FRAME_BYTES,
  PREFACE,
  SETTING,
} from "./frames.ts";
import { literalField } from "./hpack-encoder.ts";
import { Session } from "./session.ts";
import { MAX_STREAM_ID } from "./stream-table.ts";

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
    const payload = Buffer.from([0, 0, 0, 3, 0, 0, 0, 0, 0x21]);
    session.receive(encodeFrame(FRAME.goAway, 0, 0, payload));
    expect(told).toEqual(["2: the server went away (NO_ERROR)"]);
    expect([session.room, session.isEnding, session.streams.count]).toEqual([0, true, 2]);
    session.receive(Buffer.concat([headers(3, END, STATUS_200), headers(1, END, STATUS_200)]));
    expect(told.slice(1)).toEqual(["1@101: 200 ", "0@100: 200 "]);
  });

  test("GOAWAY with an error: nothing more is answered, whatever streams it names", () => {
    const { session, told } = begin(2);
    const payload = Buffer.from([0, 0, 0, 3, 0, 0, 0, 11, 0x21]);
    session.receive(
      Buffer.concat([encodeFrame(FRAME.goAway, 0, 0, payload), headers(1, END, STATUS_200)]),
    );
    const reason = "the server went away (ENHANCE_YOUR_CALM)";
    expect(told).toEqual([`0: ${reason}`, `1: ${reason}`]);
    expect([session.room, session.isEnding, session.streams.count]).toEqual([0, true, 0]);
  });

  test("what comes for a stream that is over is ignored, but its header is learnt from", () => {
    const { session, told } = begin(2);
    session.streams.resetLate(100, "late");
    const indexing = Buffer.from("4803333037", "hex");
    session.receive(
      Buffer.concat([
        headers(1, FLAG.endHeaders, STATUS_200),
        data(1, FLAG.endStream, "x"),
        headers(1, END, indexing),
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
    session.receive(data(1, 0, "x"));
    expect(takeSent(session)).toEqual([]);
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
});
