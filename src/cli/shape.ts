/** The course of the load as it is typed on the command line. */
import { CliError } from "../exit-codes.ts";
import type { LoadShape, Step } from "../sim/shape.ts";
import { parseDurationMs } from "./duration.ts";

const MAX_PER_SECOND = 10_000_000;
const MAX_STEPS = 1_000;

export const SHAPES_HELP =
  "constant, ramp:FROM:TO, burst, steps:RATExTIME,…, poisson or humans (docs/simulating.md)";

/**
 * Reads `constant`, `ramp:0:20000`, `burst`, `steps:1000x5s,5000x10s`, `poisson` or `humans`.
 *
 * @param load the rate of the shapes that take it from --tps, and how many claims a burst has
 * @throws CliError for anything else
 */
export function parseShape(
  text: string,
  load: { readonly ratePerSecond: number; readonly claims: number },
): LoadShape {
  const { ratePerSecond, claims } = load;
  const [kind = "", ...parameters] = text.split(":");
  switch (kind) {
    case "constant":
    case "poisson":
    case "humans":
      requireParameters(text, parameters, 0);
      return { kind, ratePerSecond };
    case "burst":
      requireParameters(text, parameters, 0);
      return { kind, arrivals: claims };
    case "ramp": {
      requireParameters(text, parameters, 2);
      const [fromPerSecond = 0, toPerSecond = 0] = parameters.map((part) => readRate(text, part));
      if (fromPerSecond + toPerSecond === 0) throw badShape(text, "a ramp must leave zero");
      return { kind, fromPerSecond, toPerSecond };
    }
    case "steps":
      requireParameters(text, parameters, 1);
      return { kind, steps: readSteps(text, parameters[0] ?? "") };
    default:
      throw badShape(text, "there is no such shape");
  }
}

function readSteps(text: string, list: string): Step[] {
  const parts = list.split(",");
  if (parts.length > MAX_STEPS) throw badShape(text, `there may be ${MAX_STEPS} steps`);
  const steps = parts.map((part) => {
    const [rate = "", duration, ...rest] = part.split("x");
    if (duration === undefined || duration === "" || rest.length > 0) {
      throw badShape(text, `a step is a rate and a time, such as 1000x5s, not "${part}"`);
    }
    return { ratePerSecond: readRate(text, rate), durationMs: parseDurationMs(duration) };
  });
  if (steps.every((step) => step.ratePerSecond === 0)) throw badShape(text, "no step has a rate");
  return steps;
}

function readRate(text: string, digits: string): number {
  const rate = /^\d+$/.test(digits) ? Number(digits) : Number.NaN;
  if (rate <= MAX_PER_SECOND) return rate;
  throw badShape(
    text,
    `a rate is a whole number of claims a second up to ${MAX_PER_SECOND}, not "${digits}"`,
  );
}

function requireParameters(text: string, parameters: readonly string[], count: number): void {
  if (parameters.length === count) return;
  throw badShape(text, count === 0 ? "it takes no parameters" : `it takes ${count} after colons`);
}

function badShape(text: string, why: string): CliError {
  return new CliError(`--shape "${text}" cannot be used: ${why}; write ${SHAPES_HELP}`);
}
