/**
 * The open-loop schedule: when each arrival is due. Fixed before the run and blind to what the
 * server does; no clock is read here.
 */
import { seededRandom } from "./random.ts";
import { arrivalsAt, countArrivals, type LoadShape, type Step } from "./shape.ts";

export interface Schedule {
  readonly arrivals: number;
  /** When arrival `index` (from 0) is due, in µs after the start of the run. Never decreasing. */
  dueUs(index: number): number;
}

/** Tells this use of the seed from others. */
const POISSON_STREAM = 1;

/**
 * The schedule of a shape over a run of this length. Poisson keeps 8 bytes for each arrival, the
 * others a few numbers.
 */
export function createSchedule(shape: LoadShape, durationMs: number, seed: number): Schedule {
  const arrivals = countArrivals(shape, durationMs);
  const durationUs = durationMs * 1000;
  switch (shape.kind) {
    case "constant":
      return { arrivals, dueUs: (index) => (index * 1_000_000) / shape.ratePerSecond };
    case "ramp":
      return { arrivals, dueUs: rampDueUs(shape.fromPerSecond, shape.toPerSecond, durationUs) };
    case "burst":
      return { arrivals, dueUs: (index) => (index * durationUs) / arrivals };
    case "steps":
      return { arrivals, dueUs: stepsDueUs(shape.steps) };
    case "poisson":
      return { arrivals, dueUs: poissonDueUs(arrivals, durationUs, seed) };
    case "humans":
      return { arrivals, dueUs: humansDueUs(arrivals, durationMs) };
  }
}

/** The time at which A·t + (B−A)·t²/2T, the arrivals until t, reaches the index. */
function rampDueUs(fromPerSecond: number, toPerSecond: number, durationUs: number) {
  const quadratic = ((toPerSecond - fromPerSecond) * 1_000_000) / (2 * durationUs);
  return (index: number) => {
    if (index === 0) return 0;
    // Rounding the count of arrivals may ask for one that a falling ramp never quite reaches.
    const root = Math.sqrt(Math.max(0, fromPerSecond ** 2 + 4 * quadratic * index));
    return Math.min(durationUs, (2_000_000 * index) / (fromPerSecond + root));
  };
}

function stepsDueUs(steps: readonly Step[]) {
  let firstIndex = 0;
  let startMs = 0;
  const starts = steps.map((step) => {
    const start = { ratePerSecond: step.ratePerSecond, firstIndex, startMs };
    firstIndex += arrivalsAt(step.ratePerSecond, step.durationMs);
    startMs += step.durationMs;
    return start;
  });
  return (index: number) => {
    const start = starts.findLast((step) => step.firstIndex <= index && step.ratePerSecond > 0);
    if (start === undefined) return 0;
    return start.startMs * 1000 + ((index - start.firstIndex) * 1_000_000) / start.ratePerSecond;
  };
}

/**
 * A Poisson process of which it is known that it has so many arrivals in the run: the partial sums
 * of n + 1 exponential gaps, scaled to the run's length.
 */
function poissonDueUs(arrivals: number, durationUs: number, seed: number) {
  const random = seededRandom(seed, POISSON_STREAM);
  const sums = new Float64Array(arrivals + 1);
  let sum = 0;
  for (let index = 0; index <= arrivals; index++) {
    sum -= Math.log(1 - random());
    sums[index] = sum;
  }
  const scale = durationUs / sum;
  return (index: number) => (sums[index] ?? sum) * scale;
}

/** Shares of the crowd: before the opening, and in the second after it. The rest is the tail. */
const EARLY_SHARE = 0.1;
const MASS_SHARE = 0.5;
/** The opening's place in the run, and its latest. */
const OPENING_SHARE = 0.25;
const MAX_OPENING_MS = 3_000;
const MASS_MS = 1_000;
/** The tail thins out by a factor of e³ from its beginning to the run's end. */
const TAIL_DECAY = 3;

/** When the crowd of `humans` expects the event to open, in ms after the start of the run. */
export function humanOpeningMs(durationMs: number): number {
  return Math.min(MAX_OPENING_MS, Math.floor(durationMs * OPENING_SHARE));
}

/** How many of the crowd of `humans` come before the opening. */
export function humanEarlyArrivals(arrivals: number): number {
  return Math.floor(arrivals * EARLY_SHARE);
}

/**
 * More and more people until the opening; then half of all within a second, its beginning the
 * densest; then a tail that thins out. Each part is the inverse of its cumulative curve.
 */
function humansDueUs(arrivals: number, durationMs: number) {
  const openingUs = humanOpeningMs(durationMs) * 1000;
  const massUs = Math.min(MASS_MS * 1000, (durationMs * 1000 - openingUs) / 2);
  const tailUs = durationMs * 1000 - openingUs - massUs;
  const early = humanEarlyArrivals(arrivals);
  const mass = Math.floor(arrivals * MASS_SHARE);
  const tail = arrivals - early - mass;
  const tailSpan = 1 - Math.exp(-TAIL_DECAY);
  return (index: number) => {
    if (index < early) return openingUs * Math.sqrt(index / early);
    const inMass = index - early;
    if (inMass < mass) return openingUs + massUs * (1 - Math.sqrt(1 - inMass / mass));
    const share = (inMass - mass) / tail;
    return openingUs + massUs - (tailUs * Math.log(1 - share * tailSpan)) / TAIL_DECAY;
  };
}
