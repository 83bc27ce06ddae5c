import { expect, test } from "bun:test";
import { RUSH_SERIES } from "../../../test/support/rush.ts";
import { LATENCY_BIN_BOUNDS_MS, type SeriesBucket } from "../series.ts";
import { burnDownLines, secondsAt, spectrogramLines, timeScale } from "./timeline.ts";

const SCALE = { bucketsPerStep: 1, columnsPerStep: 1 };

test("a run fits into the columns, and fills them", () => {
  expect(timeScale(2_000, 70)).toEqual({ bucketsPerStep: 1, columnsPerStep: 3 });
  expect(timeScale(7_000, 70)).toEqual({ bucketsPerStep: 1, columnsPerStep: 1 });
  expect(timeScale(7_100, 70)).toEqual({ bucketsPerStep: 2, columnsPerStep: 1 });
  expect(timeScale(600_000, 70)).toEqual({ bucketsPerStep: 86, columnsPerStep: 1 });
  expect(secondsAt(15, timeScale(2_000, 70))).toBe(0.5);
  expect(secondsAt(10, timeScale(7_100, 70))).toBe(2);
});

test("the stock burns down to an empty line, and the last coupon still shows", () => {
  expect(burnDownLines(RUSH_SERIES, 12_000, SCALE, 2)).toEqual([
    `▇▆▄▃▂       ${" ".repeat(8)}`,
    `██████▇▆▄▃▂ ${" ".repeat(8)}`,
  ]);
  expect(burnDownLines(RUSH_SERIES, 12_000, { bucketsPerStep: 4, columnsPerStep: 2 }, 1)).toEqual([
    "▆▆▃▃      ",
  ]);
  expect(
    burnDownLines(RUSH_SERIES.slice(0, 12), 12_001, { ...SCALE, bucketsPerStep: 12 }, 1),
  ).toEqual(["▁"]);
  expect(burnDownLines([], 0, SCALE, 1)).toEqual([""]);
});

/** A bucket whose answers are in these bins. */
function bucket(bins: Readonly<Record<number, number>>): SeriesBucket {
  const [first] = RUSH_SERIES;
  if (first === undefined) throw new Error("no series");
  const latencyBins = new Array<number>(LATENCY_BIN_BOUNDS_MS.length + 1).fill(0);
  for (const [bin, count] of Object.entries(bins)) latencyBins[Number(bin)] = count;
  return { ...first, latencyBins };
}

test("the spectrogram spans what occurred, the longest at the top, the darker the more", () => {
  const lines = spectrogramLines([bucket({ 3: 1_000, 6: 1 }), bucket({ 4: 30 })], SCALE, 4);
  expect(lines.map(({ shades }) => shades)).toEqual(["░ ", "  ", " ▒", "█ "]);
  expect(lines.map(({ boundMs }) => boundMs.toFixed(2))).toEqual(["0.40", "0.32", "0.25", "0.20"]);
  expect(
    spectrogramLines(
      [bucket({ 3: 1_000, 6: 1 }), bucket({ 4: 30 })],
      { ...SCALE, bucketsPerStep: 2 },
      2,
    ),
  ).toEqual([
    { boundMs: expect.closeTo(0.4), shades: "░" },
    { boundMs: expect.closeTo(0.252, 3), shades: "█" },
  ]);
});

test("answers beyond the last bound have a line, and no answers have none darkened", () => {
  const [longest] = spectrogramLines([bucket({ 60: 1 })], SCALE, 1);
  expect(longest).toEqual({ boundMs: Number.POSITIVE_INFINITY, shades: "█" });
  expect(spectrogramLines([], SCALE, 3).map(({ shades }) => shades)).toEqual(["", "", ""]);
});
