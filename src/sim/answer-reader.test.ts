/** Whatever it has read before, the reader reads an answer as `readAnswer` does. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { AnswerReader } from "./answer-reader.ts";
import { MAX_RANK, readAnswer } from "./outcomes.ts";

function expectSame(answers: readonly (readonly [status: number, text: string])[]): void {
  const reader = new AnswerReader();
  // As a connection has it: one answer after the other in the same memory, amid other bytes.
  const bytes = Buffer.alloc(8_192);
  for (const [status, text] of answers) {
    bytes.fill("HTTP");
    const end = 4 + bytes.write(text, 4);
    expect(reader.read(status, { bytes, start: 4, end })).toEqual(readAnswer(status, text));
  }
}

const grant = (rank: number | string, code: string, more = "") =>
  `{"status":"issued","eventId":"e","rank":${rank},"code":"${code}","coupon":{}${more}}`;

describe("answers like the one before", () => {
  test("grants with other ranks and codes, and other grants", () => {
    expectSame([
      [201, grant(1, "AAAA")],
      [201, grant(MAX_RANK, "x")],
      [201, grant(7, `${"y".repeat(64)}`)],
      [201, grant(8, "AAAA", ',"issuedAt":"a"')],
      [201, grant(9, "AAAA", ',"issuedAt":"b"')],
      [200, grant(9, "AAAA").replace("issued", "already_issued")],
      [200, grant(10, "AAAB").replace("issued", "already_issued")],
    ]);
  });

  test.each([
    ["no rank", grant("", "AAAA")],
    ["rank 0", grant(0, "AAAA")],
    ["a rank that begins with 0", grant("01", "AAAA")],
    ["a rank beyond 32 bits", grant(MAX_RANK + 1, "AAAA")],
    ["a rank of many digits", grant("9".repeat(400), "AAAA")],
    ["a fraction", grant("1.5", "AAAA")],
    ["an exponent", grant("1e3", "AAAA")],
    ["a negative rank", grant(-1, "AAAA")],
    ["no code", grant(1, "")],
    ["a long code", grant(1, "z".repeat(65))],
    ["a code with a space", grant(1, "A A")],
    ["a code that is not ASCII", grant(1, "é")],
    ["an escape", grant(1, String.raw`A\nB`)],
    ["an escaped quote", grant(1, String.raw`A\"B`)],
    ["a quote that ends the code", grant(1, 'A","rank":2,"x":"B')],
    ["a second rank behind it", grant(1, "AAAA", ',"rank":5')],
    ["the end cut off", grant(2, "AAAA").slice(0, -1)],
    ["the beginning cut off", grant(2, "AAAA").slice(1)],
    ["nothing", ""],
    [
      "another word of the same length before the rank",
      grant(2, "AAAA").replace("issued", "ISSUED"),
    ],
    ["another word of the same length before the code", grant(2, "AAAA").replace("code", "cope")],
    ["another status", grant(2, "AAAA").replace("issued", "sold")],
  ])("what follows a grant is read strictly: %s", (_name, text) => {
    expectSame([
      [201, grant(1, "AAAA")],
      [201, text],
      [201, text],
      [201, grant(3, "CCCC")],
    ]);
  });

  test.each([
    ["deeper", '{"x":{"rank":5,"code":"IN"},"status":"issued","rank" : 6,"code" : "OUT"}'],
    [
      "in a text",
      String.raw`{"x":"\"rank\":5,\"code\":\"IN\"","status":"issued","rank":6,"code":"O"}`,
    ],
    ["the code deeper", '{"status":"issued","rank":6,"x":{"code":"IN"},"code" : "OUT"}'],
    ["twice", '{"status":"issued","rank":5,"code":"ONE","rank":6,"code":"TWO"}'],
    ["the code first", '{"status":"issued","code":"ONE","rank":6}'],
    ["spread out", '{ "status": "issued", "rank": 6, "code": "ONE" }'],
    ["with a longer rank before it", '{"x":{"rank":66},"status":"issued","rank" :6,"code":"ONE"}'],
  ])("words that look like a rank and a code are none: %s", (_name, text) => {
    const others = [text.replace("5", "7"), text.replace("6", "8"), text.replace("IN", "IM")];
    expectSame([text, ...others, text.replace("ONE", "TWO")].map((each) => [201, each] as const));
  });

  test("any answers in any order", () => {
    const text = fc.oneof(
      fc.constantFrom(
        '{"code":"sold_out"}',
        '{"code":"paused"}',
        '{"code":"not_open"}',
        "{}",
        "",
        `{"code":"${"x".repeat(2_000)}"}`,
      ),
      fc
        .tuple(
          fc.oneof(fc.nat(20), fc.nat()),
          fc.string({ maxLength: 6 }),
          fc.constantFrom("", ',"a":1'),
        )
        .map(([rank, code, more]) => grant(rank, code, more)),
      fc.json(),
    );
    const status = fc.constantFrom(200, 201, 401, 409, 410, 503);
    fc.assert(fc.property(fc.array(fc.tuple(status, text)), (answers) => expectSame(answers)));
  });
});
