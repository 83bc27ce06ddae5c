/** Whether this process can decide claims. */
import type { Dependencies } from "./dependencies.ts";

/** A catalogue that has not been read for this long may miss a pause or a deactivated member. */
const MAX_CATALOGUE_AGE_MS = 5_000;

export interface ReadinessChecks {
  /** The server has not been told to stop. */
  readonly accepting: boolean;
  /** The engine answers. */
  readonly engine: boolean;
  /** The events in memory are fresh. */
  readonly catalogue: boolean;
}

/** Asks the engine, and looks at the rest. It is ready when every check passes. */
export async function checkReadiness({
  catalogue,
  engine,
  nowMs,
  isStopping,
}: Pick<Dependencies, "catalogue" | "engine" | "nowMs" | "isStopping">): Promise<ReadinessChecks> {
  const catalogueAgeMs = nowMs() - catalogue.lastRefreshedAtMs;
  return {
    accepting: !isStopping(),
    engine: await engine.check().then(
      () => true,
      () => false,
    ),
    catalogue: catalogueAgeMs <= MAX_CATALOGUE_AGE_MS,
  };
}
