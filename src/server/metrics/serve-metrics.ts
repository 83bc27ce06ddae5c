/**
 * Which metrics which process has. To be imported only where metrics are wanted: the library takes
 * some 50 ms to load.
 */
import type { MetricsAddress } from "../../config.ts";
import type { WebProcesses } from "../web-processes.ts";
import { type ProcessMetrics, readMetrics } from "./exposition.ts";
import { addLedgerMetrics, type LedgerParts } from "./ledger-metrics.ts";
import { type MetricsServer, startMetricsServer } from "./metrics-server.ts";
import { createRegistry } from "./registry.ts";
import { addSupervisorMetrics } from "./supervisor-metrics.ts";
import { addWebMetrics, type WebParts } from "./web-metrics.ts";

/** Serves the metrics of the one process that does everything. */
export function serveOwnMetrics(
  address: MetricsAddress,
  web: WebParts,
  ledger: LedgerParts,
): MetricsServer {
  const registry = createRegistry("serve");
  addWebMetrics(registry, web);
  addLedgerMetrics(registry, ledger);
  return startMetricsServer(address, async () => [await readMetrics(registry)]);
}

/** Serves the metrics of the supervisor and of its web processes. */
export function serveAllMetrics(
  address: MetricsAddress,
  processes: WebProcesses,
  ledger: LedgerParts,
): MetricsServer {
  const registry = createRegistry("supervisor");
  addLedgerMetrics(registry, ledger);
  addSupervisorMetrics(registry, processes);
  return startMetricsServer(address, async () => [
    await readMetrics(registry),
    ...(await processes.readMetrics()),
  ]);
}

/** Reads the metrics of a web process. */
export function webMetrics(processName: string, parts: WebParts): () => Promise<ProcessMetrics> {
  const registry = createRegistry(processName);
  addWebMetrics(registry, parts);
  return async () => await readMetrics(registry);
}
