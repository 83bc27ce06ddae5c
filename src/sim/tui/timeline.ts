/**
 * A run's buckets folded into as many columns as a terminal has, and drawn there as characters.
 * The scale is that of the whole run, so that nothing moves but what happens.
 */
import { BUCKET_MS, LATENCY_BIN_BOUNDS_MS, type SeriesBucket } from "../series.ts";

const EIGHTHS = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"] as const;
const SHADES = ["░", "▒", "▓", "█"] as const;

/** A whole run laid over so many columns. */
export interface TimeScale {
  /** Of the whole run, those to come included. */
  readonly buckets: number;
  readonly columns: number;
}

export function timeScale(runMs: number, columns: number): TimeScale {
  return { buckets: Math.max(1, Math.ceil(runMs / BUCKET_MS)), columns };
}

/** The seconds at the left edge of a column. */
export function secondsAt(column: number, { buckets, columns }: TimeScale): number {
  return (column * buckets * BUCKET_MS) / columns / 1000;
}

/** The first item that falls into a column, and the first that does not: one of them may have several columns. */
function spanOf(column: number, { buckets, columns }: TimeScale) {
  const firstOf = (at: number) => Math.floor((at * buckets) / columns);
  const first = firstOf(column);
  return { first, end: Math.max(first + 1, firstOf(column + 1)) };
}

/** The stock's way down: lines from the top, up to the column that has come. A point a bucket. */
export function burnDownLines(
  remaining: readonly number[],
  coupons: number,
  scale: TimeScale,
  height: number,
): string[] {
  const eighths: number[] = [];
  for (let column = 0; column < scale.columns; column++) {
    const { first, end } = spanOf(column, scale);
    if (first >= remaining.length) break;
    const left = remaining[Math.min(end, remaining.length) - 1] ?? 0;
    eighths.push(Math.ceil((left * height * 8) / Math.max(1, coupons)));
  }
  return Array.from({ length: height }, (_, line) => {
    const below = (height - 1 - line) * 8;
    return eighths
      .map((eighth) => EIGHTHS[Math.min(8, Math.max(0, eighth - below))] ?? "")
      .join("");
  });
}

/**
 * The latency bins of the spectrogram's columns. One that is over changes no more and is kept: a run
 * of hours has too many buckets to go through all of them for each frame.
 */
export class SpectrogramColumns {
  #scale: TimeScale = { buckets: 0, columns: 0 };
  /** The columns that are over, from the first. */
  #over: (readonly number[])[] = [];

  /** For each column that has begun, the mean bins of its buckets. The series may only have grown. */
  fold(series: readonly SeriesBucket[], scale: TimeScale): (readonly number[])[] {
    if (scale.buckets !== this.#scale.buckets || scale.columns !== this.#scale.columns) {
      this.#scale = scale;
      this.#over = [];
    }
    const columns = [...this.#over];
    for (let column = columns.length; column < scale.columns; column++) {
      const { first, end } = spanOf(column, scale);
      if (first >= series.length) break;
      const bins = meanBins(series.slice(first, end));
      if (end <= series.length) this.#over.push(bins);
      columns.push(bins);
    }
    return columns;
  }
}

/** One line of the spectrogram: its latency, and the shades of its columns. */
export interface SpectrogramLine {
  /** Upper bound; infinite for the line of all that took longer. */
  readonly boundMs: number;
  readonly shades: string;
}

/**
 * Latencies over time, the longest at the top: the darker, the more answers. It spans the latencies
 * that have occurred.
 */
export function spectrogramLines(
  columns: readonly (readonly number[])[],
  height: number,
): SpectrogramLine[] {
  const used = usedBins(columns);
  const binsPerLine = Math.max(1, (used.last - used.first + 1) / height);
  const lines = Array.from({ length: height }, (_, line) => {
    const first = used.first + Math.floor(line * binsPerLine);
    const end = used.first + Math.floor((line + 1) * binsPerLine);
    // The mean of its bins, since one line may have more of them than the next.
    const counts = columns.map(
      (bins) => bins.slice(first, end).reduce((sum, count) => sum + count, 0) / (end - first),
    );
    return { boundMs: LATENCY_BIN_BOUNDS_MS[end - 1] ?? Number.POSITIVE_INFINITY, counts };
  });
  const most = Math.max(1, ...lines.flatMap((line) => line.counts));
  return lines
    .map(({ boundMs, counts }) => ({
      boundMs,
      shades: counts.map((count) => shadeOf(count, most)).join(""),
    }))
    .reverse();
}

/** The mean of its buckets, since one column may have more of them than the next. */
function meanBins(buckets: readonly SeriesBucket[]): number[] {
  const sums = new Array<number>(LATENCY_BIN_BOUNDS_MS.length + 1).fill(0);
  for (const bucket of buckets) {
    for (const [bin, count] of bucket.latencyBins.entries()) sums[bin] = (sums[bin] ?? 0) + count;
  }
  return sums.map((sum) => sum / buckets.length);
}

function usedBins(columns: readonly (readonly number[])[]): {
  readonly first: number;
  readonly last: number;
} {
  const bins = Array.from({ length: LATENCY_BIN_BOUNDS_MS.length + 1 }, (_, bin) => bin);
  const isUsed = (bin: number) => columns.some((column) => (column[bin] ?? 0) > 0);
  return { first: bins.find(isUsed) ?? 0, last: bins.findLast(isUsed) ?? 0 };
}

/** By the logarithm, so that the few slow answers show beside the many quick ones. */
function shadeOf(count: number, most: number): string {
  if (count === 0) return " ";
  const share = Math.log1p(count) / Math.log1p(most);
  return SHADES[Math.min(SHADES.length - 1, Math.floor(share * SHADES.length))] ?? " ";
}
