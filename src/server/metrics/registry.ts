/**
 * The metrics of one process, for Prometheus. They are plain numbers elsewhere, and become metrics
 * only when somebody asks (`collect`). docs/metrics.md lists them; a test compares.
 */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { Distribution } from "../claims/tally.ts";

/**
 * Of what the library knows of a process, that which is true on Bun and worth a look. The first of
 * the event loop's is the one that reads for all of them.
 */
const PROCESS_METRICS = [
  "process_cpu_user_seconds_total",
  "process_cpu_system_seconds_total",
  "process_start_time_seconds",
  "process_resident_memory_bytes",
  "process_open_fds",
  "process_max_fds",
  "nodejs_eventloop_lag_seconds",
  "nodejs_eventloop_lag_p50_seconds",
  "nodejs_eventloop_lag_p99_seconds",
  "nodejs_eventloop_lag_max_seconds",
] as const;

/** One value, with its labels. */
export interface Value {
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
}

/** How a metric is called and read. */
export interface Definition {
  readonly name: string;
  readonly help: string;
  readonly labelNames?: readonly string[];
  /** Its values now. What it throws leaves the metric out of this answer. */
  readonly read: () => Iterable<Value> | Promise<Iterable<Value>>;
}

export type MetricsRegistry = Registry;

/** A registry with what every process has; all its values carry the process's name. */
export function createRegistry(processName: string): MetricsRegistry {
  const registry = new Registry();
  registry.setDefaultLabels({ process: processName });
  const all = new Registry();
  collectDefaultMetrics({ register: all });
  for (const name of PROCESS_METRICS) {
    const metric = all.getSingleMetric(name);
    // Some depend on the operating system.
    if (metric !== undefined) registry.registerMetric(metric);
  }
  return registry;
}

/** A count that only grows while the process lives. */
export function addCounter(registry: MetricsRegistry, { read, ...rest }: Definition): void {
  const counter = new Counter({
    ...rest,
    labelNames: [...(rest.labelNames ?? [])],
    registers: [registry],
    async collect() {
      counter.reset();
      for (const { labels = {}, value } of await valuesOf(read)) counter.inc(labels, value);
    },
  });
}

/** A figure that goes up and down. */
export function addGauge(registry: MetricsRegistry, { read, ...rest }: Definition): void {
  const gauge = new Gauge({
    ...rest,
    labelNames: [...(rest.labelNames ?? [])],
    registers: [registry],
    async collect() {
      gauge.reset();
      if (rest.labelNames === undefined) gauge.remove();
      for (const { labels = {}, value } of await valuesOf(read)) gauge.set(labels, value);
    },
  });
}

/** Distributions that were counted elsewhere, summed. `scale` turns their unit into the metric's. */
export function addHistogram(
  registry: MetricsRegistry,
  rest: { readonly name: string; readonly help: string },
  { bounds, scale }: { readonly bounds: readonly number[]; readonly scale: number },
  read: () => Iterable<Distribution>,
): void {
  registry.registerMetric(new CountedHistogram(rest, bounds, scale, read));
}

/** A histogram whose counting is done elsewhere. */
class CountedHistogram extends Histogram {
  constructor(
    private readonly described: { readonly name: string; readonly help: string },
    private readonly bounds: readonly number[],
    private readonly scale: number,
    private readonly read: () => Iterable<Distribution>,
  ) {
    super({ ...described, registers: [] });
  }

  override async get() {
    const { name } = this.described;
    const counts = new Array<number>(this.bounds.length + 1).fill(0);
    let sum = 0;
    for (const distribution of this.read()) {
      for (const [bin, count] of distribution.counts.entries()) {
        counts[bin] = (counts[bin] ?? 0) + count;
      }
      sum += distribution.sum;
    }
    let total = 0;
    const buckets = counts.map((count, bin) => {
      total += count;
      const bound = this.bounds[bin];
      const le = bound === undefined ? "+Inf" : bound * this.scale;
      return { metricName: `${name}_bucket`, labels: { le }, value: total };
    });
    const values = [
      ...buckets,
      { metricName: `${name}_sum`, labels: {}, value: sum * this.scale },
      { metricName: `${name}_count`, labels: {}, value: total },
    ];
    return { ...(await super.get()), values };
  }
}

/** One figure that cannot be read must not cost all the others. */
async function valuesOf(read: Definition["read"]): Promise<Iterable<Value>> {
  try {
    return await read();
  } catch {
    return [];
  }
}
