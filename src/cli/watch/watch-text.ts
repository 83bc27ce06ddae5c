/** The words in which a watched giveaway is told, in the view and in plain lines. */
import type { LiveSnapshot } from "../../server/http/live-schema.ts";
import { group } from "../../sim/report-text.ts";
import type { LineState } from "./feed-client.ts";
import type { WatchedMoment } from "./watched.ts";

const STATE_NAMES: Readonly<Record<LiveSnapshot["state"], string>> = {
  scheduled: "scheduled",
  open: "open",
  between_windows: "between windows",
  sold_out: "sold out",
  paused: "paused",
  ended: "ended",
};

export function stateName(snapshot: LiveSnapshot): string {
  return STATE_NAMES[snapshot.state];
}

/** Time to go: `42 s`, `1:05`, `2:00:05`, `3 d 4 h`. Never below nothing. */
export function countdown(ms: number): string {
  const total = Math.max(0, Math.ceil(ms / 1_000));
  const [days, hours] = [Math.floor(total / 86_400), Math.floor(total / 3_600) % 24];
  const [minutes, seconds] = [Math.floor(total / 60) % 60, total % 60];
  if (days > 0) return `${days} d ${hours} h`;
  if (total < 60) return `${seconds} s`;
  const tail = String(seconds).padStart(2, "0");
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, "0")}:${tail}` : `${minutes}:${tail}`;
}

/** `10:00:12` of UTC. */
export function clock(epochMs: number): string {
  return new Date(epochMs).toISOString().slice(11, 19);
}

/** The windows: what closes or opens next, and when. */
export function windowText(
  { currentWindow, nextWindow }: LiveSnapshot,
  serverNowMs: number,
): string {
  const until = (moment: string) => countdown(Date.parse(moment) - serverNowMs);
  const at = (moment: string) => `${moment.slice(0, 10)} ${moment.slice(11, 19)} UTC`;
  if (currentWindow !== null) return `closes in ${until(currentWindow.closesAt)}`;
  if (nextWindow !== null)
    return `opens in ${until(nextWindow.opensAt)}, at ${at(nextWindow.opensAt)}`;
  return "none is to come";
}

/** How the line stands, in a few words. */
export function lineText(line: LineState, nowMs: number): string {
  switch (line.kind) {
    case "connecting":
      return "connecting";
    case "live":
      return "live";
    case "lost":
      return `lost, again in ${countdown(line.retryAtMs - nowMs)}: ${line.reason}`;
  }
}

/** How fast it goes. What was refused is not always known. */
export function rateText({ issuedPerSecond, refusedPerSecond }: LiveSnapshot): string {
  const refused = refusedPerSecond === null ? "" : `   ${group(refusedPerSecond)}/s refused`;
  return `${group(issuedPerSecond)}/s issued${refused}`;
}

/** Where it stands, in one line. */
export function plainLine({ snapshot, serverNowMs }: WatchedMoment): string {
  if (snapshot === undefined) return "";
  return [
    `${clock(serverNowMs)}Z`,
    stateName(snapshot),
    `left ${group(snapshot.remaining)} of ${group(snapshot.stock)}`,
    rateText(snapshot).replace("   ", "  "),
    windowText(snapshot, serverNowMs),
    ...(snapshot.isEngineAvailable ? [] : ["the engine does not answer"]),
  ].join("  ");
}
