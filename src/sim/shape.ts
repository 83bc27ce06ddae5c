/** The course of the load over a run, as it is asked for. */

export type LoadShape =
  | { readonly kind: "constant"; readonly ratePerSecond: number }
  /** From one rate to the other, in a straight line over the run. */
  | { readonly kind: "ramp"; readonly fromPerSecond: number; readonly toPerSecond: number }
  /** Everyone in the first second. */
  | { readonly kind: "burst"; readonly arrivals: number }
  | { readonly kind: "steps"; readonly steps: readonly Step[] }
  /** Arrivals that know nothing of each other: exponential gaps, seeded. */
  | { readonly kind: "poisson"; readonly ratePerSecond: number }
  /** A crowd before, at and after an opening (humanOpeningMs); the rate is the run's average. */
  | { readonly kind: "humans"; readonly ratePerSecond: number };

export interface Step {
  readonly ratePerSecond: number;
  readonly durationMs: number;
}

const BURST_MS = 1_000;

/** How long the shape lasts, where it says so itself. */
export function ownDurationMs(shape: LoadShape): number | undefined {
  if (shape.kind === "burst") return BURST_MS;
  if (shape.kind === "steps") return shape.steps.reduce((sum, step) => sum + step.durationMs, 0);
  return undefined;
}

/** How many arrivals the shape has in a run of this length. */
export function countArrivals(shape: LoadShape, durationMs: number): number {
  switch (shape.kind) {
    case "constant":
    case "poisson":
    case "humans":
      return arrivalsAt(shape.ratePerSecond, durationMs);
    case "ramp":
      return arrivalsAt((shape.fromPerSecond + shape.toPerSecond) / 2, durationMs);
    case "burst":
      return shape.arrivals;
    case "steps":
      return shape.steps.reduce(
        (sum, step) => sum + arrivalsAt(step.ratePerSecond, step.durationMs),
        0,
      );
  }
}

/** How many arrivals a constant rate has in so long a time. */
export function arrivalsAt(ratePerSecond: number, durationMs: number): number {
  return Math.round((ratePerSecond * durationMs) / 1000);
}

/** How long a shape without a length of its own needs for so many arrivals. */
export function durationForMs(shape: LoadShape, arrivals: number): number {
  const perSecond = countArrivals(shape, 1_000_000) / 1_000;
  return ownDurationMs(shape) ?? Math.ceil((arrivals * 1000) / perSecond);
}
