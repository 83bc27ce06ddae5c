/** What a web process counts: claims, batches, requests, listeners. */
import { BATCH_SIZE_BOUNDS, type ClaimTally, ENGINE_CALL_BOUNDS_MS } from "../claims/tally.ts";
import type { Dependencies } from "../http/dependencies.ts";
import { checkReadiness } from "../http/readiness.ts";
import {
  addCounter,
  addGauge,
  addHistogram,
  type MetricsRegistry,
  type Value,
} from "./registry.ts";

const SECONDS_PER_MS = 0.001;

/** What they are made from. */
export type WebParts = Pick<
  Dependencies,
  "catalogue" | "engine" | "combiner" | "liveFeeds" | "requestCounts" | "nowMs" | "isStopping"
>;

/** Adds the metrics of a web process. */
export function addWebMetrics(registry: MetricsRegistry, parts: WebParts): void {
  const { combiner, liveFeeds, requestCounts, catalogue, nowMs } = parts;
  addCounter(registry, {
    name: "couponlive_claims_total",
    help: "Claims by what they were told.",
    labelNames: ["event", "outcome"],
    read: () => outcomesOf(combiner.tallies()),
  });
  const tallies = () => Array.from(combiner.tallies(), ([, tally]) => tally);
  addHistogram(
    registry,
    { name: "couponlive_claim_batch_size", help: "Claims decided by one call of the engine." },
    { bounds: BATCH_SIZE_BOUNDS, scale: 1 },
    () => tallies().map((tally) => tally.batchSize),
  );
  addHistogram(
    registry,
    { name: "couponlive_engine_call_seconds", help: "How long the engine took for a batch." },
    { bounds: ENGINE_CALL_BOUNDS_MS, scale: SECONDS_PER_MS },
    () => tallies().map((tally) => tally.engineCallMs),
  );
  addGauge(registry, {
    name: "couponlive_queue_depth",
    help: "Claims that wait for a place in a batch.",
    read: () => [{ value: combiner.queueDepth }],
  });
  addCounter(registry, {
    name: "couponlive_http_requests_total",
    help: "Answers to all but claims that were decided, by class of route and status.",
    labelNames: ["route", "status"],
    read: () => requestCounts.values(),
  });
  addGauge(registry, {
    name: "couponlive_live_listeners",
    help: "Open live feeds.",
    read: () => [{ value: liveFeeds.listenerCount }],
  });
  addCounter(registry, {
    name: "couponlive_live_listeners_dropped_total",
    help: "Listeners that read too slowly.",
    read: () => [{ value: liveFeeds.droppedCount }],
  });
  addGauge(registry, {
    name: "couponlive_catalogue_age_seconds",
    help: "Time since the database last answered with the events.",
    read: () => [{ value: (nowMs() - catalogue.lastRefreshedAtMs) * SECONDS_PER_MS }],
  });
  addGauge(registry, {
    name: "couponlive_ready",
    help: "1 when the check passes, else 0; the process is ready when all do.",
    labelNames: ["check"],
    read: async () =>
      Object.entries(await checkReadiness(parts)).map(([check, passes]) => ({
        labels: { check },
        value: Number(passes),
      })),
  });
}

function* outcomesOf(
  tallies: Iterable<readonly [eventId: string, tally: ClaimTally]>,
): Iterable<Value> {
  for (const [event, { outcomes }] of tallies) {
    for (const [outcome, value] of Object.entries(outcomes)) {
      yield { labels: { event, outcome }, value };
    }
  }
}
