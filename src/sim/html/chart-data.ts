/** What the page's charts are drawn from: columns of numbers, as the chart library takes them. */
import type { Histogram } from "hdr-histogram-js";
import { percentileMs } from "../latency.ts";
import { OUTCOMES, type Outcome } from "../outcomes.ts";
import { OUTCOME_NAMES } from "../report-text.ts";
import type { RunResult } from "../run.ts";
import { LATENCY_BIN_BOUNDS_MS, type SeriesBucket } from "../series.ts";
import { type MergedBucket, mergeBuckets, remainingCoupons } from "../series-reading.ts";
import type { Tally } from "../tally.ts";

/**
 * Points of a chart over time: more than there is room for on a screen. A run of up to six minutes
 * has a point for each bucket.
 */
const MAX_POINTS = 3_600;
/** Points of the percentile plot for each halving of the distance to 100 %. */
const POINTS_PER_HALVING = 8;
/** The plot ends at 1 − 2⁻²⁰, some 99.9999 %. */
const HALVINGS = 20;

type Column = readonly (number | null)[];

interface OutcomeColumn {
  readonly outcome: Outcome;
  readonly name: string;
  readonly values: Column;
}

/** All columns of a kind have the length of its x. The names are the client script's. */
export interface ChartData {
  readonly stock: number;
  readonly soldOutAfterSeconds: number | null;
  /** What a point in time sums up; the last one may be shorter. */
  readonly pointMs: number;
  /** Seconds from the start, at the end of each point. */
  readonly seconds: Column;
  readonly remaining: Column;
  /** Per second. */
  readonly offered: Column;
  readonly sent: Column;
  readonly answers: readonly OutcomeColumn[];
  readonly latencyMs: {
    readonly p50: Column;
    readonly p90: Column;
    readonly p99: Column;
    readonly max: Column;
  };
  readonly sendLagMs: Column;
  /** Each undefined where the server did not tell. */
  readonly queueDepth: Column | undefined;
  readonly writerBacklog: Column | undefined;
  readonly spectrogram: {
    /** Upper bounds of the rows, from the first row with an answer to the last; the last may be open. */
    readonly boundsMs: readonly number[];
    /** A column for each point in time, of a count for each row. */
    readonly columns: readonly (readonly number[])[];
  };
  readonly percentiles: {
    /** 1 / (1 − percentile / 100). */
    readonly x: Column;
    /** From due to answered, and from sent to answered. */
    readonly response: readonly OutcomeColumn[];
    readonly service: readonly OutcomeColumn[];
  };
  /** All answers by latency, in the rows of the spectrogram. */
  readonly histogram: readonly number[];
}

export function chartData({ report, series, tally }: RunResult): ChartData {
  const points = mergeBuckets(series, MAX_POINTS);
  const { stock, issuedBefore } = report.config;
  const occurred = OUTCOMES.filter((outcome) => report.outcomes[outcome] > 0);
  const rows = usedRows(points);
  const columns = points.map((bucket) => bucket.latencyBins.slice(rows.first, rows.last + 1));
  return {
    stock,
    soldOutAfterSeconds: report.soldOutAfterMs === null ? null : report.soldOutAfterMs / 1000,
    pointMs: points[0]?.spanMs ?? 0,
    seconds: points.map((bucket) => (bucket.atMs + bucket.spanMs) / 1000),
    remaining: remainingCoupons(points, stock - issuedBefore),
    offered: points.map((bucket) => perSecond(bucket.due, bucket)),
    sent: points.map((bucket) => perSecond(bucket.sent, bucket)),
    answers: columnsOf(occurred, (outcome) =>
      points.map((bucket) => perSecond(bucket.outcomes[outcome], bucket)),
    ),
    latencyMs: {
      p50: points.map((bucket) => bucket.latencyMs?.p50 ?? null),
      p90: points.map((bucket) => bucket.latencyMs?.p90 ?? null),
      p99: points.map((bucket) => bucket.latencyMs?.p99 ?? null),
      max: points.map((bucket) => bucket.latencyMs?.max ?? null),
    },
    sendLagMs: points.map((bucket) => bucket.maxSendLagMs),
    queueDepth: toldColumn(points.map((bucket) => bucket.server.queueDepth)),
    writerBacklog: toldColumn(points.map((bucket) => bucket.server.writerBacklog)),
    spectrogram: {
      boundsMs: LATENCY_BIN_BOUNDS_MS.slice(rows.first, rows.last + 1),
      columns,
    },
    percentiles: percentilePlot(occurred, tally),
    histogram: columns.reduce<number[]>(
      (sums, column) => column.map((count, row) => count + (sums[row] ?? 0)),
      [],
    ),
  };
}

function perSecond(count: number, { spanMs }: MergedBucket): number {
  return (count * 1000) / spanMs;
}

function columnsOf(
  outcomes: readonly Outcome[],
  values: (outcome: Outcome) => Column,
): OutcomeColumn[] {
  return outcomes.map((outcome) => ({
    outcome,
    name: OUTCOME_NAMES[outcome],
    values: values(outcome),
  }));
}

function toldColumn(column: Column): Column | undefined {
  return column.every((value) => value === null) ? undefined : column;
}

/** The first and the last latency bin in which there is an answer. */
function usedRows(series: readonly SeriesBucket[]): {
  readonly first: number;
  readonly last: number;
} {
  const used = (bin: number) => series.some((bucket) => (bucket.latencyBins[bin] ?? 0) > 0);
  const bins = Array.from({ length: LATENCY_BIN_BOUNDS_MS.length + 1 }, (_, bin) => bin);
  return { first: bins.find(used) ?? 0, last: bins.findLast(used) ?? 0 };
}

function percentilePlot(outcomes: readonly Outcome[], tally: Tally): ChartData["percentiles"] {
  const largest = Math.max(
    1,
    ...outcomes.map((outcome) => tally.latencyOf(outcome)?.totalCount ?? 0),
  );
  const x = Array.from(
    { length: HALVINGS * POINTS_PER_HALVING + 1 },
    (_, point) => 2 ** (point / POINTS_PER_HALVING),
  ).filter((inverse) => inverse <= largest);
  const columnOf = (histogram: Histogram | undefined): Column =>
    x.map((inverse) =>
      // Beyond its number of answers a distribution has nothing more to say.
      histogram === undefined || inverse > histogram.totalCount
        ? null
        : percentileMs(histogram, 100 - 100 / inverse),
    );
  return {
    x,
    response: columnsOf(outcomes, (outcome) => columnOf(tally.latencyOf(outcome))),
    service: columnsOf(outcomes, (outcome) => columnOf(tally.serviceOf(outcome))),
  };
}
