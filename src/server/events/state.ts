/** Where an event stands at a moment. Pure. */
import { type EventDefinition, type EventWindow, lastIssuableRank } from "./event.ts";

/**
 * - `scheduled`: no window has opened yet, or none is planned
 * - `open`: a window is open (its own quota may be used up)
 * - `between_windows`: a window is over, and another one will open
 * - `sold_out`: the stock is issued
 * - `paused`: an administrator has stopped it for now
 * - `ended`: an administrator ended it, or its last window is over
 */
export type EventState = "scheduled" | "open" | "between_windows" | "sold_out" | "paused" | "ended";

export interface EventStanding {
  readonly state: EventState;
  readonly currentWindow: EventWindow | null;
  readonly nextWindow: EventWindow | null;
}

/**
 * Judges in the order in which the engine refuses claims: ended, sold out, paused, not open. An
 * event whose windows are all over reads `ended`, though claims are still answered `not_open`,
 * since an administrator may yet add a window. One that was ended has no window any more.
 *
 * @param issued how many coupons the event has issued
 */
export function eventState(event: EventDefinition, issued: number, nowMs: number): EventStanding {
  // Nobody is to count down to a window that will open for nobody.
  if (event.ended) return { state: "ended", currentWindow: null, nextWindow: null };
  const currentWindow =
    event.windows.find((window) => window.opensAtMs <= nowMs && nowMs < window.closesAtMs) ?? null;
  const nextWindow = event.windows.find((window) => window.opensAtMs > nowMs) ?? null;
  return { state: stateName(event, issued, currentWindow, nextWindow), currentWindow, nextWindow };
}

function stateName(
  event: EventDefinition,
  issued: number,
  currentWindow: EventWindow | null,
  nextWindow: EventWindow | null,
): EventState {
  if (issued >= lastIssuableRank(event)) return "sold_out";
  if (event.paused) return "paused";
  if (currentWindow !== null) return "open";
  if (nextWindow === event.windows[0] || event.windows.length === 0) return "scheduled";
  return nextWindow === null ? "ended" : "between_windows";
}
