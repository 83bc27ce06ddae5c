import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { createSchedule, humanEarlyArrivals, humanOpeningMs } from "./schedule.ts";
import { countArrivals, durationForMs, type LoadShape, ownDurationMs } from "./shape.ts";

const constant = (ratePerSecond: number): LoadShape => ({ kind: "constant", ratePerSecond });
const ramp = (fromPerSecond: number, toPerSecond: number): LoadShape => ({
  kind: "ramp",
  fromPerSecond,
  toPerSecond,
});
const TWO_STEPS: LoadShape = {
  kind: "steps",
  steps: [
    { ratePerSecond: 10, durationMs: 1_000 },
    { ratePerSecond: 0, durationMs: 500 },
    { ratePerSecond: 100, durationMs: 200 },
  ],
};

describe("due times, in µs", () => {
  const table: [shape: LoadShape, durationMs: number, arrivals: number, due: [number, number][]][] =
    [
      [constant(1), 1_000, 1, [[0, 0]]],
      [constant(10), 1_000, 10, [[9, 900_000]]],
      [
        constant(20_000),
        10_000,
        200_000,
        [
          [1, 50],
          [199_999, 9_999_950],
        ],
      ],
      [constant(3), 500, 2, [[1, 1_000_000 / 3]]],
      [constant(0.5), 10_000, 5, [[4, 8_000_000]]],
      [constant(15_000), 0, 0, []],
      // From nothing: after a share s of the time, s² of all have come.
      [
        ramp(0, 200),
        10_000,
        1_000,
        [
          [0, 0],
          [250, 5_000_000],
          [810, 9_000_000],
        ],
      ],
      [ramp(100, 100), 1_000, 100, [[50, 500_000]]],
      // To nothing: the same, seen from the end.
      [
        ramp(200, 0),
        10_000,
        1_000,
        [
          [0, 0],
          [750, 5_000_000],
          [990, 9_000_000],
        ],
      ],
      [{ kind: "burst", arrivals: 4 }, 1_000, 4, [[3, 750_000]]],
      [
        TWO_STEPS,
        1_700,
        30,
        [
          [0, 0],
          [9, 900_000],
          [10, 1_500_000],
          [29, 1_690_000],
        ],
      ],
      // 100 before the opening at 2.5 s, 500 in the second after it, 400 in the rest.
      [
        { kind: "humans", ratePerSecond: 100 },
        10_000,
        1_000,
        [
          [0, 0],
          [25, 1_250_000],
          [100, 2_500_000],
          [475, 3_000_000],
          [600, 3_500_000],
        ],
      ],
    ];
  test.each(table)("%o for %d ms: %d arrivals", (shape, durationMs, arrivals, due) => {
    const schedule = createSchedule(shape, durationMs, 1);
    expect(schedule.arrivals).toBe(arrivals);
    for (const [index, dueUs] of due) expect(schedule.dueUs(index)).toBeCloseTo(dueUs, 3);
  });
});

const rate = fc.integer({ min: 1, max: 500 });
const anyShape = fc.oneof(
  rate.map(constant),
  fc.tuple(fc.nat(500), rate).map(([from, to]) => ramp(from, to)),
  fc.tuple(rate, fc.nat(500)).map(([from, to]) => ramp(from, to)),
  fc.nat(1_000).map((arrivals): LoadShape => ({ kind: "burst", arrivals })),
  fc
    .array(fc.record({ ratePerSecond: fc.nat(500), durationMs: fc.integer({ min: 1, max: 999 }) }))
    .map((steps): LoadShape => ({ kind: "steps", steps })),
  rate.map((ratePerSecond): LoadShape => ({ kind: "poisson", ratePerSecond })),
  rate.map((ratePerSecond): LoadShape => ({ kind: "humans", ratePerSecond })),
);

test("every shape: as many as were counted, in order, within the run, the same again", () => {
  const seeds = fc.integer({ min: 0, max: 0xffff_ffff });
  fc.assert(
    fc.property(anyShape, fc.integer({ min: 1, max: 3_000 }), seeds, (shape, lengthMs, seed) => {
      const durationMs = ownDurationMs(shape) ?? lengthMs;
      const schedule = createSchedule(shape, durationMs, seed);
      const times = Array.from({ length: schedule.arrivals }, (_, index) => schedule.dueUs(index));
      expect(schedule.arrivals).toBe(countArrivals(shape, durationMs));
      expect(times.every((time) => time >= 0 && time <= durationMs * 1000)).toBe(true);
      expect(times).toEqual(times.toSorted((one, other) => one - other));
      const again = createSchedule(shape, durationMs, seed);
      expect(times.map((_, index) => again.dueUs(index))).toEqual(times);
    }),
  );
});

test("poisson: another seed is another course, and the gaps scatter as exponential ones do", () => {
  const shape = { kind: "poisson", ratePerSecond: 1_000 } as const;
  const [one, other] = [1, 2].map((seed) => createSchedule(shape, 20_000, seed));
  expect(one?.dueUs(500)).not.toBe(other?.dueUs(500));
  const gaps = Array.from(
    { length: 19_999 },
    (_, index) => (one?.dueUs(index + 1) ?? 0) - (one?.dueUs(index) ?? 0),
  );
  const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
  const variance = gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length;
  // Of an exponential distribution the standard deviation is the mean.
  expect(Math.sqrt(variance) / mean).toBeWithin(0.95, 1.05);
});

test("humans: the crowd thickens towards the opening, peaks at it, and thins out", () => {
  const shape = { kind: "humans", ratePerSecond: 1_000 } as const;
  const schedule = createSchedule(shape, 20_000, 1);
  const perSecond = new Array<number>(20).fill(0);
  for (let index = 0; index < schedule.arrivals; index++) {
    const second = Math.floor(schedule.dueUs(index) / 1_000_000);
    perSecond[second] = (perSecond[second] ?? 0) + 1;
  }
  expect(humanOpeningMs(20_000)).toBe(3_000);
  expect(perSecond.slice(0, 3).reduce((sum, count) => sum + count, 0)).toBe(
    humanEarlyArrivals(20_000),
  );
  expect(perSecond.slice(0, 3)).toEqual(perSecond.slice(0, 3).toSorted((a, b) => a - b));
  expect(perSecond[3]).toBe(10_000);
  expect(perSecond.slice(4)).toEqual(perSecond.slice(4).toSorted((a, b) => b - a));
});

test("a run is as long as its arrivals need", () => {
  expect(durationForMs(constant(10_000), 150_000)).toBe(15_000);
  expect(durationForMs(ramp(0, 10_000), 150_000)).toBe(30_000);
  expect(durationForMs({ kind: "burst", arrivals: 5 }, 5)).toBe(1_000);
  expect(durationForMs(TWO_STEPS, 99)).toBe(1_700);
});
