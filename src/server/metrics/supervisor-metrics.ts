/** What the supervisor knows of its web processes. */
import type { WebProcesses } from "../web-processes.ts";
import { addCounter, addGauge, type MetricsRegistry } from "./registry.ts";

/** Adds them. */
export function addSupervisorMetrics(registry: MetricsRegistry, processes: WebProcesses): void {
  addGauge(registry, {
    name: "couponlive_web_processes",
    help: "Web processes that listen.",
    read: () => [{ value: processes.serving }],
  });
  addCounter(registry, {
    name: "couponlive_web_process_deaths_total",
    help: "Web processes that died and were not told to.",
    read: () => [{ value: processes.deaths }],
  });
}
