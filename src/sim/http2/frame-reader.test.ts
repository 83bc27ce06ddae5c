import { expect, test } from "bun:test";
import fc from "fast-check";
import { ConnectionError, FrameReader } from "./frame-reader.ts";
import { encodeFrame, MAX_FRAME_BYTES } from "./frames.ts";

interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly streamId: number;
  readonly payload: Buffer;
}

/** Reads the bytes, cut at these places. Each piece is overwritten once it has been read. */
function read(bytes: Buffer, cuts: readonly number[]): Frame[] {
  const frames: Frame[] = [];
  const reader = new FrameReader({
    frame: (type, flags, streamId, from, start, end) => {
      frames.push({ type, flags, streamId, payload: Buffer.from(from.subarray(start, end)) });
    },
  });
  let start = 0;
  for (const end of [...new Set([...cuts, bytes.length])].sort((a, b) => a - b)) {
    const piece = Buffer.from(bytes.subarray(start, end));
    reader.feed(piece);
    piece.fill(0xff);
    start = end;
  }
  return frames;
}

const frame = fc.record({
  type: fc.nat(255),
  flags: fc.nat(255),
  streamId: fc.nat(0x7fff_ffff),
  payload: fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
});

function encode(frames: readonly Frame[]): Buffer {
  return Buffer.concat(
    frames.map(({ type, flags, streamId, payload }) => encodeFrame(type, flags, streamId, payload)),
  );
}

test("frames come out as they went in, wherever the bytes are cut", () => {
  fc.assert(
    fc.property(fc.array(frame, { maxLength: 8 }), fc.array(fc.nat(400)), (frames, cuts) => {
      const bytes = encode(frames);
      expect(
        read(
          bytes,
          cuts.filter((cut) => cut < bytes.length),
        ),
      ).toEqual(frames);
    }),
  );
});

test("frames that are cut at every byte", () => {
  const frames = [
    { type: 4, flags: 0, streamId: 0, payload: Buffer.alloc(0) },
    { type: 1, flags: 5, streamId: 7, payload: Buffer.from("header") },
  ];
  const bytes = encode(frames);
  expect(read(bytes, [...bytes.keys()])).toEqual(frames);
});

test("the reserved bit of a stream's number is ignored", () => {
  const bytes = encodeFrame(0, 0, 5);
  bytes[5] = 0x80;
  expect(read(bytes, [])[0]?.streamId).toBe(5);
});

test("a frame as large as allowed is taken, a larger one is refused before it has arrived", () => {
  const largest = encodeFrame(0, 0, 1, Buffer.alloc(MAX_FRAME_BYTES));
  expect(read(largest, [])).toHaveLength(1);
  const header = encodeFrame(0, 0, 1, Buffer.alloc(MAX_FRAME_BYTES + 1)).subarray(0, 9);
  expect(() => read(header, [])).toThrow(ConnectionError);
});
