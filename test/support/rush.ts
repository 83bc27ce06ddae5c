/** A made-up rush of 20,000 claims for 12,000 coupons in two seconds, the same every time. */
import type { LoadResult } from "../../src/sim/fleet.ts";
import { type RunFacts, summarize } from "../../src/sim/report.ts";
import type { RunResult } from "../../src/sim/run.ts";
import { BUCKET_MS, LATENCY_BIN_BOUNDS_MS, type SeriesBucket } from "../../src/sim/series.ts";
import { noOutcomes, Tally } from "../../src/sim/tally.ts";
import { ToldTable } from "../../src/sim/told.ts";

const BUCKETS = 20;
const CLAIMS_PER_BUCKET = 1_000;
const STOCK = 12_000;

/** The buckets of the rush: slow while coupons are left, quick afterwards. */
export const RUSH_SERIES: readonly SeriesBucket[] = Array.from({ length: BUCKETS }, (_, index) => {
  const isSoldOut = index * CLAIMS_PER_BUCKET >= STOCK;
  const p50 = isSoldOut ? 0.6 : 3 + 2 * Math.sin(index);
  const bins = LATENCY_BIN_BOUNDS_MS.map((boundMs) =>
    Math.round(400 * Math.exp(-((Math.log(boundMs / p50) * 1.5) ** 2))),
  );
  return {
    atMs: index * BUCKET_MS,
    due: CLAIMS_PER_BUCKET,
    sent: CLAIMS_PER_BUCKET - (index % 3),
    outcomes: {
      ...noOutcomes(),
      issued: isSoldOut ? 0 : CLAIMS_PER_BUCKET,
      soldOut: isSoldOut ? CLAIMS_PER_BUCKET : 0,
    },
    latencyMs: { p50, p90: p50 * 2, p99: p50 * 4, max: p50 * 9 },
    latencyBins: [...bins, 0],
    maxSendLagMs: 0.4,
    server: {
      remaining: Math.max(0, STOCK - (index + 1) * CLAIMS_PER_BUCKET),
      queueDepth: isSoldOut ? 0 : 40 + index,
      writerBacklog: isSoldOut ? 0 : 500 + 100 * index,
    },
  };
});

/** What such a run leaves behind. `change` is laid over what its report is made from. */
export function rushResult(change: Partial<RunFacts> = {}): RunResult {
  const claims = BUCKETS * CLAIMS_PER_BUCKET;
  const tally = new Tally();
  for (let index = 0; index < claims; index++) {
    const isIssued = index < STOCK;
    const latencyUs = (isIssued ? 3_000 : 600) + (index % 1_000) * 4;
    tally.countSent(index * 100, index * 100 - 200);
    tally.countOutcome(isIssued ? "issued" : "soldOut", { latencyUs, serviceUs: latencyUs - 200 });
  }
  const load: LoadResult = {
    ledger: { scheduled: claims, sent: claims, shed: 0, unsent: 0 },
    tally,
    told: new ToldTable(1),
    credentials: new Uint8Array(1),
    series: RUSH_SERIES,
    startedAtMs: 0,
    stopped: false,
  };
  const report = summarize({
    command: "couponlive simulate --tps 10000",
    machine: { cpu: "a CPU", cores: 2, memoryBytes: 2 ** 34, kernel: "Linux 6", bun: "1.4.5" },
    config: {
      eventId: "spring",
      eventName: "Spring sale",
      url: "http://127.0.0.1:8080",
      engine: "embedded",
      shape: { kind: "constant", ratePerSecond: 10_000 },
      scenario: "rush",
      durationMs: 2_000,
      graceMs: 5_000,
      users: claims,
      stock: STOCK,
      issuedBefore: 0,
      workers: 1,
      http: "1.1",
      streams: 1,
      connections: 64,
      seed: 7,
      startedAt: "2026-01-02T03:04:05.678Z",
    },
    load,
    checks: [{ id: "stock", invariant: 1, ok: true, summary: "12000 issued", counterExamples: [] }],
    expectations: [],
    generatorCpuUs: 400_000,
    serverCpuUs: 900_000,
    ending: { isDrained: true, trouble: undefined },
    ...change,
  });
  return { report, tally, series: RUSH_SERIES };
}
