import { expect, test } from "bun:test";
import { RUSH_SERIES } from "../../../test/support/rush.ts";
import { LATENCY_BIN_BOUNDS_MS, type SeriesBucket } from "../series.ts";
import { remainingCoupons } from "../series-reading.ts";
import { runMs } from "./stock.tsx";
import {
  burnDownLines,
  SpectrogramColumns,
  secondsAt,
  spectrogramLines,
  type TimeScale,
  timeScale,
} from "./timeline.ts";

/** A column for each bucket. */
const EACH = timeScale(2_000, 20);

test("columns are points in time", () => {
  expect(secondsAt(15, timeScale(2_000, 60))).toBe(0.5);
  expect(secondsAt(10, timeScale(7_000, 35))).toBe(2);
});

test("the stock burns down to an empty line, and the last coupon still shows", () => {
  expect(burnDownLines(remainingCoupons(RUSH_SERIES, 12_000), 12_000, EACH, 2)).toEqual([
    `▇▆▄▃▂       ${" ".repeat(8)}`,
    `██████▇▆▄▃▂ ${" ".repeat(8)}`,
  ]);
  expect(
    burnDownLines(remainingCoupons(RUSH_SERIES, 12_000), 12_000, timeScale(2_000, 5), 1),
  ).toEqual(["▆▃   "]);
  expect(
    burnDownLines(remainingCoupons(RUSH_SERIES.slice(0, 3), 6_000), 6_000, timeScale(600, 9), 1),
  ).toEqual(["▇▇▆▄▄"]);
  expect(
    burnDownLines(
      remainingCoupons(RUSH_SERIES.slice(0, 12), 12_001),
      12_001,
      timeScale(2_400, 2),
      1,
    ),
  ).toEqual(["▁"]);
  expect(burnDownLines([], 0, EACH, 1)).toEqual([""]);
});

/** A bucket whose answers are in these bins. */
function bucket(bins: Readonly<Record<number, number>>): SeriesBucket {
  const [first] = RUSH_SERIES;
  if (first === undefined) throw new Error("no series");
  const latencyBins = new Array<number>(LATENCY_BIN_BOUNDS_MS.length + 1).fill(0);
  for (const [bin, count] of Object.entries(bins)) latencyBins[Number(bin)] = count;
  return { ...first, latencyBins };
}

function linesOf(series: readonly SeriesBucket[], scale: TimeScale, height: number) {
  return spectrogramLines(new SpectrogramColumns().fold(series, scale), height);
}

test("the spectrogram spans what occurred, the longest at the top, the darker the more", () => {
  const lines = linesOf([bucket({ 3: 1_000, 6: 1 }), bucket({ 4: 30 })], EACH, 4);
  expect(lines.map(({ shades }) => shades)).toEqual(["░ ", "  ", " ▒", "█ "]);
  expect(lines.map(({ boundMs }) => boundMs.toFixed(2))).toEqual(["0.40", "0.32", "0.25", "0.20"]);
  expect(linesOf([bucket({ 3: 1_000, 6: 1 }), bucket({ 4: 30 })], timeScale(2_000, 10), 2)).toEqual(
    [
      { boundMs: expect.closeTo(0.4), shades: "░" },
      { boundMs: expect.closeTo(0.252, 3), shades: "█" },
    ],
  );
});

test("answers beyond the last bound have a line, and no answers have none darkened", () => {
  const [longest] = linesOf([bucket({ 60: 1 })], EACH, 1);
  expect(longest).toEqual({ boundMs: Number.POSITIVE_INFINITY, shades: "█" });
  expect(linesOf([], EACH, 3).map(({ shades }) => shades)).toEqual(["", "", ""]);
});

test("columns that are over are not gone through again, unless the terminal changes", () => {
  let readings = 0;
  const series = Array.from({ length: 12 }, (_, at): SeriesBucket => {
    const { latencyBins, ...rest } = bucket({ [at]: 10 });
    return {
      ...rest,
      get latencyBins() {
        readings++;
        return latencyBins;
      },
    };
  });
  const scale = timeScale(2_000, 5);
  const columns = new SpectrogramColumns();
  const readingsOf = (length: number, at = scale) => {
    readings = 0;
    const folded = columns.fold(series.slice(0, length), at);
    const counted = readings;
    expect(folded).toEqual(new SpectrogramColumns().fold(series.slice(0, length), at));
    return counted;
  };
  expect(readingsOf(9)).toBe(9);
  expect(readingsOf(9)).toBe(1);
  expect(readingsOf(12)).toBe(4);
  expect(readingsOf(12)).toBe(0);
  expect(readingsOf(12, timeScale(2_000, 40))).toBe(24);
});

test("after the run's end the charts are lengthened in steps, never shorter than what came", () => {
  const spansOf = (durationMs: number, buckets: number) =>
    Array.from({ length: buckets + 1 }, (_, length) =>
      runMs({
        durationMs,
        series: RUSH_SERIES.slice(0, 1).flatMap((one) => Array(length).fill(one)),
      }),
    );
  const short = spansOf(2_000, 45);
  expect([...new Set(short)]).toEqual([2_000, 3_000, 4_000, 5_000]);
  for (const [length, spanMs] of short.entries())
    expect(spanMs).toBeGreaterThanOrEqual(length * 100);
  expect(new Set(spansOf(60_000, 620))).toEqual(new Set([60_000, 63_000]));
});
