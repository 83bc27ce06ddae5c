/** Who sends what: the members, their credentials, and the workers and connections they go over. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { connectionOf, connectionsOf, divide, memberOrder } from "./division.ts";
import {
  bendSchedule,
  CREDENTIALS,
  type CrowdPlan,
  claimsPerMember,
  createVisits,
  planCredentials,
  runWindow,
  SCENARIOS,
  type Scenario,
  stampedeStock,
} from "./scenario.ts";
import { createSchedule, humanEarlyArrivals } from "./schedule.ts";
import type { LoadShape } from "./shape.ts";

const CONSTANT: LoadShape = { kind: "constant", ratePerSecond: 1_000 };

function crowd(scenario: Scenario, arrivals: number, members: number, seed = 1): CrowdPlan {
  return { scenario, shape: CONSTANT, arrivals, members, seed };
}

function visits(plan: CrowdPlan): number[] {
  const visit = createVisits(plan);
  return Array.from({ length: plan.arrivals }, () => visit());
}

function countByPlace(places: readonly number[]): Map<number, number> {
  const counts = new Map<number, number>();
  for (const place of places) counts.set(place, (counts.get(place) ?? 0) + 1);
  return counts;
}

describe("who comes", () => {
  test("rush: everyone once, then everyone again", () => {
    expect(visits(crowd("rush", 5, 3))).toEqual([0, 1, 2, 0, 1]);
    expect(visits(crowd("intruders", 5, 3))).toEqual([0, 1, 2, 0, 1]);
  });

  test("impatient: one to five clicks each, one right after the other", () => {
    const places = visits(crowd("impatient", 3_000, 5_000));
    const counts = [...countByPlace(places).values()];
    expect(places).toEqual(places.toSorted((one, other) => one - other));
    expect(new Set(counts)).toEqual(new Set([1, 2, 3, 4, 5]));
    expect(3_000 / counts.length).toBeWithin(2.8, 3.2);
    expect(claimsPerMember("impatient")).toBe(3);
  });

  test("mixed: most click once, some more often", () => {
    const counts = [...countByPlace(visits(crowd("mixed", 15_000, 20_000))).values()];
    expect(counts.filter((count) => count === 1).length / counts.length).toBeWithin(0.77, 0.83);
    expect(15_000 / counts.length).toBeWithin(1.45, 1.55);
    expect(claimsPerMember("mixed")).toBe(1.5);
  });

  test("stampede: the stock is gone after a tenth; then anyone comes, holders too", () => {
    const places = visits(crowd("stampede", 1_000, 500));
    expect(stampedeStock(1_000)).toBe(100);
    expect(new Set(places.slice(0, 100)).size).toBe(100);
    const later = new Set(places.slice(100));
    expect([...later].filter((place) => place < 100).length).toBeGreaterThan(50);
    expect([...later].filter((place) => place >= 100).length).toBeGreaterThan(200);
  });

  test("humans: those who came too early come again first", () => {
    const shape = { kind: "humans", ratePerSecond: 1 } as const;
    const places = visits({ ...crowd("rush", 1_000, 10_000), shape });
    expect(places.slice(0, 100)).toEqual(Array.from({ length: 100 }, (_, place) => place));
    const returns = places.slice(humanEarlyArrivals(1_000)).filter((_, i) => i % 5 === 4);
    expect(returns).toEqual(Array.from({ length: 180 }, (_, place) => place));
  });

  test("every scenario: only members, and another seed is another course", () => {
    for (const scenario of SCENARIOS) {
      const places = visits(crowd(scenario, 500, 200));
      expect(places.every((place) => place >= 0 && place < 200)).toBe(true);
      expect(visits(crowd(scenario, 500, 200))).toEqual(places);
    }
    for (const scenario of ["impatient", "stampede", "edges", "mixed"] as const) {
      expect(visits(crowd(scenario, 500, 200, 2))).not.toEqual(visits(crowd(scenario, 500, 200)));
    }
  });
});

describe("credentials", () => {
  test("intruders are there in every kind, and only where they were asked for", () => {
    const shares = { rush: 0, impatient: 0, stampede: 0, edges: 0, intruders: 0.3, mixed: 0.05 };
    for (const scenario of SCENARIOS) {
      const credentials = planCredentials(crowd(scenario, 1, 20_000));
      const intruders = credentials.filter((credential) => credential !== 0);
      expect(intruders.length / 20_000).toBeWithin(
        shares[scenario] * 0.9,
        shares[scenario] * 1.1 + 0.001,
      );
      if (shares[scenario] === 0) continue;
      expect(new Set(intruders)).toEqual(new Set(CREDENTIALS.keys().drop(1)));
      expect(planCredentials(crowd(scenario, 1, 20_000))).toEqual(credentials);
      expect(planCredentials(crowd(scenario, 1, 20_000, 2))).not.toEqual(credentials);
    }
  });
});

describe("the window of a run's own event", () => {
  test("is open all the time, but for edges and humans", () => {
    const humans = { kind: "humans", ratePerSecond: 1 } as const;
    expect(runWindow("rush", CONSTANT, 8_000)).toBeUndefined();
    expect(runWindow("edges", CONSTANT, 8_000)).toEqual({ opensMs: 2_000, closesMs: 6_000 });
    expect(runWindow("rush", humans, 8_000)?.opensMs).toBe(2_000);
    expect(runWindow("edges", humans, 8_000)?.closesMs).toBe(6_000);
  });

  test("edges: three fifths of all come within a tenth of the run around the two edges", () => {
    const schedule = bendSchedule("edges", createSchedule(CONSTANT, 10_000, 1), 10_000);
    const times = Array.from({ length: schedule.arrivals }, (_, index) => schedule.dueUs(index));
    expect(times).toEqual(times.toSorted((one, other) => one - other));
    const around = (ms: number) =>
      times.filter((time) => Math.abs(time / 1000 - ms) <= 500).length / times.length;
    expect(around(2_500)).toBeCloseTo(0.3, 2);
    expect(around(7_500)).toBeCloseTo(0.3, 2);
    expect(schedule.dueUs(9_999)).toBeLessThan(10_000_000);
  });
});

describe("division", () => {
  test("every arrival is one worker's, which keeps its members and sends in due order", () => {
    const plans = fc.record({
      scenario: fc.constantFrom(...SCENARIOS),
      arrivals: fc.nat(200),
      members: fc.integer({ min: 1, max: 50 }),
      seed: fc.nat(100),
      workers: fc.integer({ min: 1, max: 7 }),
    });
    fc.assert(
      fc.property(plans, ({ workers, ...plan }) => {
        const full = { ...plan, shape: CONSTANT };
        const schedule = createSchedule(CONSTANT, plan.arrivals, plan.seed);
        const shares = divide(schedule, full, workers);
        const order = memberOrder(plan.members, plan.seed);
        const credentials = planCredentials(full);
        const all = shares.flatMap(({ arrivals, memberNumbers, credentials: own }, worker) =>
          Array.from(arrivals.slots, (slot, local) => ({
            dueUs: arrivals.dueUs[local],
            place: slot * workers + worker,
            member: memberNumbers[slot],
            credential: own[slot],
          })),
        );
        all.sort((one, other) => (one.dueUs ?? 0) - (other.dueUs ?? 0));
        expect(all).toEqual(
          visits(full).map((place, index) => ({
            dueUs: schedule.dueUs(index),
            place,
            member: order[place],
            credential: credentials[place],
          })),
        );
      }),
    );
  });

  test("a worker's connections take turns, so that quick clicks go over several", () => {
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
