/** Judges windows that are asked for against an event's policy and the windows it has. Pure. */
import type { EventDefinition, EventWindow } from "./event.ts";
import { EventError } from "./event-error.ts";
import { EVENT_LIMITS, requireWholeNumber } from "./limits.ts";
import { formatMoment, localDay } from "./schedule.ts";

/** A window that is asked for. */
export interface Opening {
  readonly opensAtMs: number;
  /** The policy's length after the opening, unless given; a window may be shorter, never longer. */
  readonly closesAtMs?: number | undefined;
  /** How many coupons the window may issue, null for no bound; the policy's, unless given. */
  readonly quota?: number | null | undefined;
}

export type PlannedWindow = Omit<EventWindow, "id">;

/**
 * The windows for these openings, ascending.
 *
 * @throws EventError for the first one that breaks a rule: in the past, longer than the policy's
 * length, over another window of the event, or one more than a local day may have. Windows that
 * touch do not overlap.
 */
export function planWindows(
  event: EventDefinition,
  openings: readonly Opening[],
  nowMs: number,
): PlannedWindow[] {
  const free = EVENT_LIMITS.windowsPerEvent - event.windows.length;
  if (openings.length === 0) throw new EventError("invalid_input", "no window was asked for");
  if (openings.length > free) {
    throw new EventError(
      "too_many_windows",
      `an event may have ${EVENT_LIMITS.windowsPerEvent} windows: this one has room for ${free} more, not for ${openings.length}`,
    );
  }
  const planned = openings
    .map((opening) => planWindow(event, opening, nowMs))
    .sort((one, other) => one.opensAtMs - other.opensAtMs);
  refuseOverlaps(event, planned);
  refuseCrowdedDays(event, planned);
  return planned;
}

function planWindow(event: EventDefinition, opening: Opening, nowMs: number): PlannedWindow {
  const {
    opensAtMs,
    closesAtMs = opensAtMs + event.windowLengthMs,
    quota = event.windowQuota,
  } = opening;
  requireWholeNumber("the opening (ms since 1970)", opensAtMs, 0, EVENT_LIMITS.momentMs);
  requireWholeNumber("the closing (ms since 1970)", closesAtMs, 0, EVENT_LIMITS.momentMs);
  if (quota !== null) requireWholeNumber("the quota", quota, 1, EVENT_LIMITS.stock);
  const opensAt = inZone(event, opensAtMs);
  if (opensAtMs < nowMs) {
    throw new EventError(
      "window_in_past",
      `a window cannot open in the past: ${opensAt} is over, so choose a later time`,
    );
  }
  const lengthMs = closesAtMs - opensAtMs;
  if (lengthMs < 1 || lengthMs > event.windowLengthMs) {
    throw new EventError(
      "invalid_input",
      `the window at ${opensAt} would last ${lengthMs} ms: the event allows 1 to ${event.windowLengthMs} ms`,
    );
  }
  return { opensAtMs, closesAtMs, quota };
}

function refuseOverlaps(event: EventDefinition, planned: readonly PlannedWindow[]): void {
  const all = [...event.windows, ...planned].sort((one, other) => one.opensAtMs - other.opensAtMs);
  // In this order, if any two overlap then so do two neighbours.
  for (const [index, window] of all.entries()) {
    const next = all[index + 1];
    if (next === undefined || window.closesAtMs <= next.opensAtMs) continue;
    throw new EventError(
      "window_overlap",
      `the window at ${inZone(event, next.opensAtMs)} overlaps the one at ${inZone(event, window.opensAtMs)}, which closes at ${inZone(event, window.closesAtMs)}: choose a time outside it`,
    );
  }
}

function refuseCrowdedDays(event: EventDefinition, planned: readonly PlannedWindow[]): void {
  const perDay = new Map<string, number>();
  // Those that exist are counted first, so that the one named is one of those asked for.
  for (const window of [...event.windows, ...planned]) {
    const day = localDay(window.opensAtMs, event.timeZone);
    const count = (perDay.get(day) ?? 0) + 1;
    perDay.set(day, count);
    if (count > event.windowsPerDay) {
      throw new EventError(
        "too_many_windows",
        `the window at ${inZone(event, window.opensAtMs)} would be number ${count} on ${day}: the event allows ${event.windowsPerDay} a day`,
      );
    }
  }
}

function inZone(event: EventDefinition, epochMs: number): string {
  return `${formatMoment(epochMs, event.timeZone)} (${event.timeZone})`;
}
