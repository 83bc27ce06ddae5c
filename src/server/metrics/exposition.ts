/** The metrics of several processes as one text for Prometheus. */
import { AggregatorRegistry, Registry } from "prom-client";
import type { MetricsRegistry } from "./registry.ts";

/** A process's metrics as they travel between processes: JSON. */
export type ProcessMetrics = readonly object[];

export const CONTENT_TYPE = Registry.PROMETHEUS_CONTENT_TYPE;

/** The metrics of this process. */
export async function readMetrics(registry: MetricsRegistry): Promise<ProcessMetrics> {
  const metrics = await registry.getMetricsAsJSON();
  // Every value carries its process's name, so that there is nothing to be summed or left out.
  return metrics.map((metric) => ({ ...metric, aggregator: "sum" }));
}

/** Prometheus' text format, version 0.0.4. */
export async function formatMetrics(processes: readonly ProcessMetrics[]): Promise<string> {
  const all = processes.map((metrics) => [...metrics]);
  return await AggregatorRegistry.aggregate(all).metrics();
}
