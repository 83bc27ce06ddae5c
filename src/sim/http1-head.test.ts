import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { HeadReader } from "./http1-head.ts";

const headOf = (status: number, length: number, more = "") =>
  `HTTP/1.1 ${status} X\r\ncontent-length: ${length}\r\n${more}\r\n`;

describe("heads like those before", () => {
  test("mean the same as they did", () => {
    const reader = new HeadReader();
    const answers = [headOf(201, 171), headOf(410, 90), headOf(201, 172), headOf(201, 171)];
    const bytes = Buffer.from(answers.join(""));
    let at = 0;
    const read = answers.map(() => {
      const head = reader.read(bytes, at);
      at += head?.bytes ?? 0;
      return [head?.status, head?.body];
    });
    expect(read).toEqual([
      [201, { kind: "length", bytes: 171 }],
      [410, { kind: "length", bytes: 90 }],
      [201, { kind: "length", bytes: 172 }],
      [201, { kind: "length", bytes: 171 }],
    ]);
    expect(at).toBe(bytes.length);
  });

  test("are not changed by what was read before, nor by what becomes of its memory", () => {
    const some = fc.record({
      status: fc.constantFrom(200, 201, 204, 409, 410, 503),
      length: fc.integer({ min: 0, max: 30 }),
      more: fc.constantFrom("", "connection: close\r\n", "transfer-encoding: chunked\r\n"),
      /** How much of it has arrived. */
      share: fc.constantFrom(1, 1, 1, 0.5),
    });
    fc.assert(
      fc.property(fc.array(some, { maxLength: 60 }), (series) => {
        const reader = new HeadReader();
        const memory = Buffer.alloc(1_024);
        for (const { status, length, more, share } of series) {
          const text = headOf(status, length, more);
          const bytes = memory.subarray(
            0,
            memory.write(text.slice(0, Math.ceil(text.length * share))),
          );
          expect(reader.read(bytes, 0)).toEqual(new HeadReader().read(bytes, 0));
        }
      }),
    );
  });
});
