/**
 * The percentile distributions of a run in the text format of HdrHistogram's
 * `outputPercentileDistribution`, which its plotters read.
 */
import type { Histogram } from "hdr-histogram-js";
import { OUTCOMES } from "./outcomes.ts";
import type { Tally } from "./tally.ts";

/** Lines for each halving of the distance to 100 %. */
const TICKS_PER_HALF_DISTANCE = 5;
const US_PER_MS = 1000;

/** Two sections for each outcome that occurred, each headed by a comment line; values in ms. */
export function hdrText(tally: Tally): string {
  return OUTCOMES.flatMap((outcome) => [
    section(`${outcome}: response time in ms, from due to answered`, tally.latencyOf(outcome)),
    section(`${outcome}: service time in ms, from sent to answered`, tally.serviceOf(outcome)),
  ]).join("");
}

function section(title: string, histogram: Histogram | undefined): string {
  if (histogram === undefined) return "";
  return `# ${title}\n${histogram.outputPercentileDistribution(TICKS_PER_HALF_DISTANCE, US_PER_MS)}\n`;
}
