import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  connectionOf,
  connectionsOf,
  countArrivals,
  type Division,
  dueUs,
  memberOrder,
  WorkerShare,
} from "./schedule.ts";

describe("constant rate", () => {
  const table: [
    ratePerSecond: number,
    durationMs: number,
    arrivals: number,
    index: number,
    due: number,
  ][] = [
    [1, 1_000, 1, 0, 0],
    [10, 1_000, 10, 9, 900_000],
    [20_000, 10_000, 200_000, 1, 50],
    [20_000, 10_000, 200_000, 199_999, 9_999_950],
    [3, 500, 2, 1, 1_000_000 / 3],
    [0.5, 10_000, 5, 4, 8_000_000],
    [15_000, 0, 0, 0, 0],
  ];
  test.each(table)(
    "%d/s for %d ms: %d arrivals, number %d due at %d µs",
    (rate, durationMs, arrivals, index, due) => {
      const shape = { kind: "constant", ratePerSecond: rate } as const;
      expect(countArrivals(shape, durationMs)).toBe(arrivals);
      expect(dueUs(shape, index)).toBe(due);
    },
  );
});

/** What every worker of a division sends: [arrival, place, worker], in the order of the arrivals. */
function assignments(division: Division): [number, number, number][] {
  const all: [number, number, number][] = [];
  for (let worker = 0; worker < division.workers; worker++) {
    const share = new WorkerShare(division, worker);
    for (let local = 0; local < share.arrivals; local++) {
      all.push([share.arrivalOf(local), share.placeOf(share.slotOf(local)), worker]);
    }
  }
  return all.sort((a, b) => a[0] - b[0]);
}

describe("division", () => {
  const table: [division: Division, expected: [number, number, number][]][] = [
    [
      { arrivals: 3, members: 3, workers: 1 },
      [
        [0, 0, 0],
        [1, 1, 0],
        [2, 2, 0],
      ],
    ],
    [
      { arrivals: 4, members: 4, workers: 2 },
      [
        [0, 0, 0],
        [1, 1, 1],
        [2, 2, 0],
        [3, 3, 1],
      ],
    ],
    [
      { arrivals: 2, members: 5, workers: 2 },
      [
        [0, 0, 0],
        [1, 1, 1],
      ],
    ],
    // Three members, two workers: the second cycle begins with worker 0 again.
    [
      { arrivals: 5, members: 3, workers: 2 },
      [
        [0, 0, 0],
        [1, 1, 1],
        [2, 2, 0],
        [3, 0, 0],
        [4, 1, 1],
      ],
    ],
    [{ arrivals: 1, members: 1, workers: 2 }, [[0, 0, 0]]],
  ];
  test.each(table)("%o", (division, expected) => {
    expect(assignments(division)).toEqual(expected);
  });

  test("every arrival belongs to one worker, which keeps its members and sends in due order", () => {
    const divisions = fc.record({
      arrivals: fc.nat(200),
      members: fc.integer({ min: 1, max: 50 }),
      workers: fc.integer({ min: 1, max: 7 }),
    });
    fc.assert(
      fc.property(divisions, (division) => {
        const all = assignments(division);
        expect(all.map(([arrival]) => arrival)).toEqual(
          Array.from({ length: division.arrivals }, (_, index) => index),
        );
        for (const [arrival, place, worker] of all) {
          expect(place).toBe(arrival % division.members);
          expect(worker).toBe(place % division.workers);
        }
      }),
    );
  });

  test("a worker's connections take turns", () => {
    expect([0, 1, 2, 3, 4].map((local) => connectionOf(local, 3))).toEqual([0, 1, 2, 0, 1]);
    expect([0, 1, 2].map((worker) => connectionsOf(worker, 3, 8))).toEqual([3, 3, 2]);
  });
});

describe("order of the members", () => {
  test("holds every member once, follows from the seed, and is not sorted", () => {
    const order = memberOrder(1_000, 42);
    expect([...order].sort((a, b) => a - b)).toEqual(
      Array.from({ length: 1_000 }, (_, i) => i + 1),
    );
    expect(memberOrder(1_000, 42)).toEqual(order);
    expect(memberOrder(1_000, 43)).not.toEqual(order);
    expect([...order.slice(0, 5)]).not.toEqual([1, 2, 3, 4, 5]);
  });
});
