/** Frames of the live view from fixed snapshots, on a terminal that is not there. */
import { expect, test } from "bun:test";
import { PassThrough } from "node:stream";
import { stripVTControlCharacters } from "node:util";
import { render } from "ink";
import type { Snapshot } from "../live.ts";
import { noOutcomes } from "../tally.ts";
import { View } from "./view.tsx";

const FULL: Snapshot = {
  elapsedMs: 4_200,
  durationMs: 15_000,
  scheduled: 150_000,
  due: 42_000,
  sent: 41_990,
  outcomes: { ...noOutcomes(), issued: 41_900 },
  stock: 100_000,
  remaining: 58_100,
  offeredPerSecond: 10_000,
  achievedPerSecond: 9_998,
  p50Ms: 1.234,
  p99Ms: 45.6,
};

/** The last frame of the view, as lines without colours. */
async function frame(snapshot: Snapshot, isStopping = false): Promise<string[]> {
  const stdout = Object.assign(new PassThrough(), { columns: 80, rows: 24, isTTY: true });
  const written: string[] = [];
  stdout.on("data", (chunk: Buffer) => written.push(chunk.toString()));
  const fake: unknown = stdout;
  if (!isWriteStream(fake)) throw new Error("the fake terminal has no write");
  const view = render(<View snapshot={snapshot} isStopping={isStopping} />, {
    stdout: fake,
    debug: true,
    patchConsole: false,
  });
  view.unmount();
  await view.waitUntilExit();
  const last = written.findLast((text) => text.includes("couponlive"));
  return stripVTControlCharacters(last ?? "")
    .trimEnd()
    .split("\n");
}

/** Ink wants a terminal's stream and uses no more of it than the fake one has. */
function isWriteStream(value: unknown): value is NodeJS.WriteStream {
  return typeof value === "object" && value !== null && "write" in value;
}

test("shows the stock, the rates and the outcomes", async () => {
  expect(await frame(FULL)).toEqual([
    "couponlive simulate 4.2 s of 15 s  q stops",
    `stock    ${"█".repeat(24)}${"░".repeat(16)} 58,100 of 100,000 left`,
    "claims   offered 10,000/s  sent 9,998/s  10 wait",
    "latency  p50 1.23 ms  p99 45.6 ms",
    "issued                41,900",
    "already issued             0",
    "sold out                   0",
  ]);
});

test("keeps its height, fits 80 columns, and shows what goes wrong", async () => {
  const outcomes = {
    ...FULL.outcomes,
    soldOut: 999_999,
    notOpen: 9_999_999,
    overloaded: 9_999_999,
    unauthorized: 9_999_999,
    otherRefusals: 9_999_999,
    error: 9_999_999,
    unknown: 9_999_999,
  };
  const lines = await frame({ ...FULL, remaining: 0, outcomes }, true);
  expect(lines).toHaveLength(8);
  expect(lines[0]).toContain("stopping");
  expect(lines[1]).toBe(`stock    ${"░".repeat(40)} 0 of 100,000 left`);
  expect(lines[7]).toStartWith("not open 9,999,999  overloaded 9,999,999");
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
});

test("the last coupon still shows", async () => {
  const lines = await frame({ ...FULL, remaining: 1 });
  expect(lines[1]).toBe(`stock    █${"░".repeat(39)} 1 of 100,000 left`);
});
