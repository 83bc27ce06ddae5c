import { expect, test } from "bun:test";
import { rateText, startProgress } from "./progress.ts";

test("prints nothing in the first second, then at most a line a second", () => {
  const lines: string[] = [];
  let clockMs = 5_000;
  const progress = startProgress(
    1_000_000,
    "members",
    (line) => lines.push(line),
    () => clockMs,
  );
  for (const [elapsedMs, done] of [
    [0, 0],
    [999, 300_000],
    [1_000, 300_000],
    [1_500, 400_000],
    [1_999, 500_000],
    [2_000, 500_000],
  ] as const) {
    clockMs = 5_000 + elapsedMs;
    progress.update(done);
  }
  expect(lines).toEqual([
    "300,000 of 1,000,000 members, 300,000/s\n",
    "500,000 of 1,000,000 members, 250,000/s\n",
  ]);
});

test("sums up with the rate, even when no time has passed", () => {
  let clockMs = 0;
  const progress = startProgress(
    1_000,
    "tokens",
    () => {},
    () => clockMs,
  );
  expect(progress.finish()).toEqual({ count: 1_000, elapsedMs: 1, perSecond: 1_000_000 });
  clockMs = 4_000;
  expect(progress.finish()).toEqual({ count: 1_000, elapsedMs: 4_000, perSecond: 250 });
  expect(rateText(progress.finish())).toBe("in 4.0 s (250/s)");
});
