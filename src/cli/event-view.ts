/** Events as the terminal and scripts see them. The code key is in neither. */
import {
  type CouponTier,
  type EventDefinition,
  type EventWindow,
  lastIssuableRank,
} from "../server/events/event.ts";
import { EVENT_DEFAULTS } from "../server/events/limits.ts";
import { formatMoment } from "../server/events/schedule.ts";
import { eventState } from "../server/events/state.ts";
import type { PlannedWindow } from "../server/events/windows.ts";
import { formatDuration } from "./duration.ts";
import { formatTable } from "./table.ts";

/** An event with what the ledger says of it, at a moment. */
export interface EventFacts {
  readonly event: EventDefinition;
  readonly issued: number;
  readonly nowMs: number;
}

/** What `--json` prints of an event. */
export function eventJson({ event, issued, nowMs }: EventFacts) {
  const { state, currentWindow, nextWindow } = eventState(event, issued, nowMs);
  const toJson = (window: EventWindow | null) => window && windowJson(window, event.timeZone);
  return {
    id: event.id,
    name: event.name,
    state,
    stock: event.stock,
    issued,
    remaining: remaining(event, issued),
    timeZone: event.timeZone,
    windowLengthMs: event.windowLengthMs,
    windowsPerDay: event.windowsPerDay,
    windowQuota: event.windowQuota,
    codePrefix: event.codePrefix,
    codeLength: event.codeLength,
    codesImported: event.codesImported,
    validForMs: event.validForMs,
    validUntilMs: event.validUntilMs,
    returned: event.returned,
    coupons: tierRanks(event),
    currentWindow: toJson(currentWindow),
    nextWindow: toJson(nextWindow),
    windows: event.windows.map(toJson),
  };
}

/** What `--json` prints of a window: each moment in ms, and as ISO 8601 in the event's zone. */
export function windowJson(window: EventWindow | PlannedWindow, timeZone: string) {
  return {
    ...("id" in window ? { id: window.id } : {}),
    opensAt: isoMoment(window.opensAtMs, timeZone),
    closesAt: isoMoment(window.closesAtMs, timeZone),
    opensAtMs: window.opensAtMs,
    closesAtMs: window.closesAtMs,
    quota: window.quota,
  };
}

/** One event in full, as lines of text. */
export function eventText({ event, issued, nowMs }: EventFacts): string {
  const facts = formatTable([
    ["event", event.id],
    ["name", event.name],
    ["state", eventState(event, issued, nowMs).state],
    ["stock", formatCount(event.stock)],
    ["issued", formatCount(issued)],
    ["remaining", formatCount(remaining(event, issued))],
    ["time zone", event.timeZone],
    [
      "policy",
      `windows of up to ${formatDuration(event.windowLengthMs)}, at most ${event.windowsPerDay} a day`,
    ],
    ...tierRanks(event).map((tier, index) => [index === 0 ? "coupons" : "", tierText(tier)]),
    ...unusualFacts(event),
  ]);
  if (event.windows.length === 0) return `${facts}\n\nNo windows are scheduled.`;
  return `${facts}\n\n${windowTable(event.windows, event.timeZone)}`;
}

/** What most events leave as it is. */
function unusualFacts(event: EventDefinition): string[][] {
  const { windowQuota, codePrefix, codeLength, codesImported, validForMs, validUntilMs } = event;
  const validity = [
    ...(validForMs === null ? [] : [`for ${formatDuration(validForMs)} after it is issued`]),
    ...(validUntilMs === null ? [] : [`until ${formatMoment(validUntilMs, event.timeZone)}`]),
  ];
  const generated = `${codeLength} letters${codePrefix === "" ? "" : `, ${codePrefix}- before them`}`;
  const isUsual = !codesImported && codePrefix === "" && codeLength === EVENT_DEFAULTS.codeLength;
  return [
    ...(windowQuota === null ? [] : [["quota", `${formatCount(windowQuota)} a window`]]),
    ...(isUsual ? [] : [["codes", codesImported ? "imported, one a rank" : generated]]),
    ...(validity.length === 0 ? [] : [["valid", validity.join(", at most ")]]),
    ...(event.returned === 0 ? [] : [["given back", formatCount(event.returned)]]),
  ];
}

/** Windows, a line each: in the event's zone, and their openings in UTC where that is another. */
export function windowTable(
  windows: readonly (EventWindow | PlannedWindow)[],
  timeZone: string,
): string {
  const inUtc = (text: string) => (timeZone === "UTC" ? [] : [text]);
  return formatTable([
    ["window", `opens (${timeZone})`, `closes (${timeZone})`, ...inUtc("opens (UTC)"), "quota"],
    ...windows.map((window) => [
      "id" in window ? String(window.id) : "new",
      formatMoment(window.opensAtMs, timeZone),
      formatMoment(window.closesAtMs, timeZone),
      ...inUtc(formatMoment(window.opensAtMs, "UTC").replace("+00:00", "Z")),
      window.quota === null ? "none" : formatCount(window.quota),
    ]),
  ]);
}

/** Events, a line each. */
export function eventTable(all: readonly EventFacts[]): string {
  return formatTable([
    ["event", "state", "stock", "issued", "opens next", "name"],
    ...all.map(({ event, issued, nowMs }) => {
      const { state, nextWindow } = eventState(event, issued, nowMs);
      return [
        event.id,
        state,
        formatCount(event.stock),
        formatCount(issued),
        nextWindow === null
          ? "-"
          : `${formatMoment(nextWindow.opensAtMs, event.timeZone)} (${event.timeZone})`,
        event.name,
      ];
    }),
  ]);
}

function remaining(event: EventDefinition, issued: number): number {
  return Math.max(0, lastIssuableRank(event) - issued);
}

/** The tiers with their last ranks, without those that begin beyond a lowered stock. */
function tierRanks(event: EventDefinition): (CouponTier & { readonly lastRank: number })[] {
  return event.coupons
    .map((tier, index) => {
      const nextRank = event.coupons[index + 1]?.firstRank ?? Number.POSITIVE_INFINITY;
      return { ...tier, lastRank: Math.min(nextRank - 1, event.stock) };
    })
    .filter((tier) => tier.firstRank <= tier.lastRank);
}

function tierText(tier: CouponTier & { readonly lastRank: number }): string {
  const ranks =
    tier.firstRank === tier.lastRank
      ? `rank ${formatCount(tier.firstRank)}`
      : `ranks ${formatCount(tier.firstRank)} to ${formatCount(tier.lastRank)}`;
  return `${ranks}: ${formatCount(tier.value)}${tier.kind === "percent" ? " %" : ""} off`;
}

function formatCount(count: number): string {
  return count.toLocaleString("en-US");
}

function isoMoment(epochMs: number, timeZone: string): string {
  return formatMoment(epochMs, timeZone).replace(" ", "T");
}
