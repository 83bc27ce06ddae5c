import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { MAX_HEAD_BYTES } from "./http1-head.ts";
import { Http1Parser, type ParseResult } from "./http1-parser.ts";
import { MAX_BODY_BYTES, textOf } from "./transport.ts";

/** A result with its body as text, which does not change with the memory that it came in. */
type Read = Exclude<ParseResult, { kind: "response" }> | ReturnType<typeof readable>;

function readable(result: Extract<ParseResult, { kind: "response" }>) {
  return { ...result, body: textOf(result.body) };
}

function keep(result: ParseResult): Read {
  return result.kind === "response" ? readable(result) : result;
}

/** All that is read of the text in pieces cut at these places. */
function feedAll(text: string, cuts: readonly number[] = []): Read[] {
  const parser = new Http1Parser();
  const bytes = Buffer.from(text);
  const ends = [...new Set(cuts)]
    .filter((cut) => cut > 0 && cut < bytes.length)
    .sort((a, b) => a - b);
  const results: Read[] = [];
  let start = 0;
  for (const end of [...ends, bytes.length]) {
    // A copy that is overwritten afterwards: the parser may not keep the socket's memory.
    const piece = Buffer.from(bytes.subarray(start, end));
    for (let result = parser.feed(piece); result.kind !== "incomplete"; result = parser.next()) {
      results.push(keep(result));
      if (result.kind === "malformed") return results;
    }
    piece.fill(0);
    start = end;
  }
  return results;
}

/** The one thing that is read of it. */
function feed(text: string, cuts?: readonly number[]): Read {
  const results = feedAll(text, cuts);
  expect(results.length).toBe(1);
  return results[0] ?? { kind: "incomplete" };
}

const PLAIN =
  'HTTP/1.1 201 Created\r\nContent-Type: application/json\r\ncontent-length:  16 \r\n\r\n{"name":"é✓"}';
const CHUNKED =
  "HTTP/1.1 503 Service Unavailable\r\ntransfer-encoding: chunked\r\n\r\n4\r\nabcd\r\nA;x=y\r\n0123456789\r\n0\r\nx-sum: 1\r\n\r\n";
const INTERIM = `HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n${PLAIN}`;

describe("a response", () => {
  const table: [name: string, text: string, expected: Read][] = [
    [
      "with a length",
      PLAIN,
      { kind: "response", status: 201, body: '{"name":"é✓"}', keepAlive: true },
    ],
    [
      "in chunks",
      CHUNKED,
      { kind: "response", status: 503, body: "abcd0123456789", keepAlive: true },
    ],
    [
      "after an interim one",
      INTERIM,
      { kind: "response", status: 201, body: '{"name":"é✓"}', keepAlive: true },
    ],
    [
      "without a body",
      "HTTP/1.1 204 No Content\r\n\r\n",
      { kind: "response", status: 204, body: "", keepAlive: true },
    ],
    [
      "without a reason",
      "HTTP/1.1 200\r\ncontent-length: 2\r\n\r\nok",
      { kind: "response", status: 200, body: "ok", keepAlive: true },
    ],
    [
      "that closes",
      "HTTP/1.1 410 Gone\r\nconnection: x, Close\r\ncontent-length: 0\r\n\r\n",
      { kind: "response", status: 410, body: "", keepAlive: false },
    ],
    [
      "of HTTP/1.0",
      "HTTP/1.0 200 OK\r\ncontent-length: 0\r\n\r\n",
      { kind: "response", status: 200, body: "", keepAlive: false },
    ],
    [
      "with a length and in chunks",
      "HTTP/1.1 200 OK\r\ncontent-length: 9\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
      { kind: "response", status: 200, body: "a", keepAlive: true },
    ],
  ];
  test.each(table)("%s, whole and cut at every byte", (_name, text, expected) => {
    expect(feed(text)).toEqual(expected);
    const everywhere = Array.from({ length: Buffer.byteLength(text) }, (_, index) => index);
    expect(feed(text, everywhere)).toEqual(expected);
    for (const cut of everywhere) expect(feed(text, [cut])).toEqual(expected);
  });

  test("is the same however a series of them is cut, or not cut at all", () => {
    const responses = fc.array(
      fc.record({
        status: fc
          .integer({ min: 200, max: 599 })
          .filter((status) => status !== 204 && status !== 304),
        body: fc.string({ unit: "grapheme", maxLength: 60 }),
        chunked: fc.boolean(),
        interim: fc.boolean(),
      }),
      { maxLength: 5 },
    );
    fc.assert(
      fc.property(responses, fc.array(fc.nat(1_000)), (series, cuts) => {
        const text = series.map(({ status, body, chunked, interim }) => {
          const bytes = Buffer.byteLength(body);
          const framing = chunked ? "transfer-encoding: chunked" : `content-length: ${bytes}`;
          const chunks =
            bytes === 0 ? "0\r\n\r\n" : `${bytes.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
          const before = interim ? "HTTP/1.1 100 Continue\r\n\r\n" : "";
          return `${before}HTTP/1.1 ${status} X\r\n${framing}\r\n\r\n${chunked ? chunks : body}`;
        });
        const expected = series.map(({ status, body }) => ({ status, body, keepAlive: true }));
        expect(feedAll(text.join(""), cuts)).toEqual(
          expected.map((response) => ({ kind: "response", ...response })),
        );
      }),
    );
  });

  test("tells whether something follows it", () => {
    const parser = new Http1Parser();
    expect(parser.feed(Buffer.from(`${PLAIN}HTT`))).toMatchObject({ status: 201 });
    expect(parser.isUnderWay).toBe(true);
    expect(parser.next()).toEqual({ kind: "incomplete" });
    expect(parser.feed(Buffer.from(PLAIN.slice(3)))).toMatchObject({ status: 201 });
    expect(parser.isUnderWay).toBe(false);
  });
});

describe("a response that ends with its connection", () => {
  const head = "HTTP/1.1 200 OK\r\ndate: x\r\n\r\n";
  const closed = (body: string) =>
    ({ kind: "response", status: 200, body, keepAlive: false }) as const;

  test.each(["", "é✓", "x".repeat(MAX_BODY_BYTES)])("cut at every place: %#", (body) => {
    const bytes = Buffer.from(head + body);
    for (const cut of [1, head.length - 1, head.length, head.length + 1]) {
      const parser = new Http1Parser();
      expect(parser.feed(bytes.subarray(0, cut))).toEqual({ kind: "incomplete" });
      expect(parser.feed(bytes.subarray(cut))).toEqual({ kind: "incomplete" });
      expect(keep(parser.close())).toEqual(closed(body));
      expect(parser.isUnderWay).toBe(false);
    }
  });

  test.each([head.slice(0, -1), PLAIN.slice(0, -1), CHUNKED.slice(0, -1), ""])(
    "what is cut off stays incomplete: %#",
    (text) => {
      const parser = new Http1Parser();
      parser.feed(Buffer.from(text));
      expect(parser.close()).toEqual({ kind: "incomplete" });
    },
  );

  test("is the last of several", () => {
    const parser = new Http1Parser();
    expect(parser.feed(Buffer.from(PLAIN + head))).toMatchObject({ status: 201, keepAlive: true });
    expect(parser.next()).toEqual({ kind: "incomplete" });
    expect(keep(parser.close())).toEqual(closed(""));
  });
});

describe("what is refused", () => {
  const table: [text: string, reason: string][] = [
    ["SSH-2.0-x\r\n\r\n", "the status line is not HTTP/1.1"],
    ["HTTP/2 200\r\n\r\n", "the status line is not HTTP/1.1"],
    [`HTTP/1.1 200 OK\r\n\r\n${"x".repeat(MAX_BODY_BYTES + 1)}`, "the response's body is too long"],
    [
      "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\na",
      "the response has two content-lengths",
    ],
    ["HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n", "the content-length is not a number"],
    [
      `HTTP/1.1 200 OK\r\ncontent-length: ${MAX_BODY_BYTES + 1}\r\n\r\n`,
      "the response's body is too long",
    ],
    ["HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\n\r\n", "the transfer encoding is not chunked"],
    ["HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "a header line is not a header field"],
    [
      "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
      "a chunk's size is not a number",
    ],
    ["HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nabc\r\n", "a chunk has no end"],
    [
      "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nfffff\r\n",
      "the response's body is too long",
    ],
    [`HTTP/1.1 200 OK\r\n${"x".repeat(MAX_HEAD_BYTES)}`, "the response's header is too long"],
  ];
  test.each(table)("%j", (text, reason) => {
    expect(feed(text)).toEqual({ kind: "malformed", reason });
  });
});
