/** Which events an engine should know before the first claim asks for them. */
import type { EventDefinition } from "./event.ts";

/** Whoever just missed the end of a window still asks for a while. */
const LATE_CLAIMS_MS = 60_000;

/** False for events that issue nothing any more: they are prepared when somebody asks for them. */
export function isDueForPreparation(event: EventDefinition, nowMs: number): boolean {
  const lastCloseMs = event.windows.at(-1)?.closesAtMs ?? Number.NEGATIVE_INFINITY;
  return !event.ended && lastCloseMs + LATE_CLAIMS_MS > nowMs;
}
