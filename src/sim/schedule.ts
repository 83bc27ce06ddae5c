/**
 * The open-loop schedule: when each arrival is due, and which worker, connection and member it
 * belongs to. Pure functions of the plan, fixed before the run and blind to what the server does.
 */

/** The course of the load. Further shapes join this union and the two functions that switch on it. */
export type LoadShape = {
  readonly kind: "constant";
  readonly ratePerSecond: number;
};

/** How many arrivals the shape offers in a run of this length. */
export function countArrivals(shape: LoadShape, durationMs: number): number {
  switch (shape.kind) {
    case "constant":
      return Math.round((shape.ratePerSecond * durationMs) / 1000);
  }
}

/** When arrival `index` (from 0) is due, in µs after the start of the run. Never decreasing. */
export function dueUs(shape: LoadShape, index: number): number {
  switch (shape.kind) {
    case "constant":
      return (index * 1_000_000) / shape.ratePerSecond;
  }
}

/** What the schedule is divided over. A member's place is its index in the run's seeded order. */
export interface Division {
  readonly arrivals: number;
  readonly members: number;
  readonly workers: number;
}

/**
 * One worker's part. The member at place p belongs to worker p mod workers for the whole run, so
 * that one worker knows all that a member was told; arrival i is the member at place i mod members.
 */
export class WorkerShare {
  readonly #division: Division;
  readonly #worker: number;
  /** Members of this worker; their slots are 0 … members − 1. */
  readonly members: number;
  /** Arrivals of this worker, numbered from 0 in the order in which they are due. */
  readonly arrivals: number;

  constructor(division: Division, worker: number) {
    this.#division = division;
    this.#worker = worker;
    this.members = this.#countOwned(division.members);
    const cycles = Math.floor(division.arrivals / division.members);
    this.arrivals =
      cycles * this.members + this.#countOwned(division.arrivals - cycles * division.members);
  }

  /** How many of the places 0 … places − 1 are this worker's. */
  #countOwned(places: number): number {
    return Math.max(0, Math.ceil((places - this.#worker) / this.#division.workers));
  }

  /** The slot of the member that makes this worker's arrival `local`. */
  slotOf(local: number): number {
    return local % this.members;
  }

  /** The member's place in the order of the whole run. */
  placeOf(slot: number): number {
    return slot * this.#division.workers + this.#worker;
  }

  /** The number, in the whole run, of this worker's arrival `local`. */
  arrivalOf(local: number): number {
    const cycle = Math.floor(local / this.members);
    return cycle * this.#division.members + this.placeOf(this.slotOf(local));
  }
}

/**
 * The connection of a worker that carries its arrival `local`. Fixed, so that a seed gives the same
 * requests in the same order on every connection.
 */
export function connectionOf(local: number, connections: number): number {
  return local % connections;
}

/** How many of `total` connections are this worker's: they differ by one at most. */
export function connectionsOf(worker: number, workers: number, total: number): number {
  return Math.floor(total / workers) + (worker < total % workers ? 1 : 0);
}

/**
 * The members 1 … count in an order that follows from the seed (Fisher–Yates). Element p is the
 * number of the member at place p.
 */
export function memberOrder(count: number, seed: number): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, place) => place + 1);
  const random = seededRandom(seed);
  for (let last = count - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    const moved = order[last] ?? 0;
    order[last] = order[other] ?? 0;
    order[other] = moved;
  }
  return order;
}

/** A generator of numbers in [0, 1) that follow from the seed: mulberry32, by Tommy Ettinger. */
function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}
