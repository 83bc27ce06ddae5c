/**
 * What each worker sends. A member belongs to one worker for the whole run, so that one worker
 * knows all that it was told; its arrivals may go over several connections.
 */
import { seededRandom } from "./random.ts";
import { type CrowdPlan, createVisits, planCredentials } from "./scenario.ts";
import type { Schedule } from "./schedule.ts";

/** The arrivals of a worker in the order in which they are due: 12 bytes for each. */
export interface Arrivals {
  /** µs after the start of the run. */
  readonly dueUs: Float64Array<ArrayBuffer>;
  /** The worker's member that claims, as an index into the two arrays of WorkerShare. */
  readonly slots: Uint32Array<ArrayBuffer>;
}

export interface WorkerShare {
  readonly arrivals: Arrivals;
  /** The number of the member in each slot. */
  readonly memberNumbers: Uint32Array<ArrayBuffer>;
  /** The number, in CREDENTIALS, of what the member in each slot shows. */
  readonly credentials: Uint8Array<ArrayBuffer>;
}

/** Divides the run. The member at place p is in slot ⌊p / workers⌋ of worker p mod workers. */
export function divide(schedule: Schedule, crowd: CrowdPlan, workers: number): WorkerShare[] {
  const order = memberOrder(crowd.members, crowd.seed);
  const credentials = planCredentials(crowd);
  const arrivals = divideArrivals(schedule, crowd, workers);
  return arrivals.map((share, worker) => {
    const slots = share.slots.reduce((most, slot) => Math.max(most, slot + 1), 0);
    const place = (slot: number) => slot * workers + worker;
    return {
      arrivals: share,
      memberNumbers: Uint32Array.from({ length: slots }, (_, slot) => order[place(slot)] ?? 0),
      credentials: Uint8Array.from({ length: slots }, (_, slot) => credentials[place(slot)] ?? 0),
    };
  });
}

function divideArrivals(schedule: Schedule, crowd: CrowdPlan, workers: number): Arrivals[] {
  const counts = new Array<number>(workers).fill(0);
  const countVisit = createVisits(crowd);
  for (let arrival = 0; arrival < schedule.arrivals; arrival++) {
    const worker = countVisit() % workers;
    counts[worker] = (counts[worker] ?? 0) + 1;
  }
  const shares = counts.map((count) => ({
    dueUs: new Float64Array(count),
    slots: new Uint32Array(count),
    filled: 0,
  }));
  const visit = createVisits(crowd);
  for (let arrival = 0; arrival < schedule.arrivals; arrival++) {
    const place = visit();
    const share = shares[place % workers];
    if (share === undefined) continue;
    share.dueUs[share.filled] = schedule.dueUs(arrival);
    share.slots[share.filled++] = Math.floor(place / workers);
  }
  return shares.map(({ dueUs, slots }) => ({ dueUs, slots }));
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
