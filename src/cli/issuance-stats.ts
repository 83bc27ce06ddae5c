/** `couponlive issuance stats`. */
import type { Command } from "commander";
import type { EventDefinition } from "../server/events/event.ts";
import type { Counts, EventStatistics } from "../server/issuances/statistics.ts";
import { print } from "./database-command.ts";
import {
  type IssuanceFlags,
  onIssuances,
  requireEvent,
  withIssuanceOptions,
} from "./issuance-source.ts";
import { group } from "./progress.ts";
import { formatTable } from "./table.ts";

/** Adds `couponlive issuance stats`. */
export function addIssuanceStatsCommand(issuance: Command): void {
  withIssuanceOptions(issuance.command("stats"))
    .description("Counts an event's coupons, window by window.")
    .argument("<event>", "the event's id")
    .addHelpText(
      "after",
      `
Examples:
  couponlive issuance stats summer
  couponlive issuance stats summer --json | jq '.windows[] | [.opensAt, .issued, .redeemed]'`,
    )
    .action(showStatistics);
}

async function showStatistics(eventId: string, flags: IssuanceFlags): Promise<void> {
  await onIssuances(flags, "read", async (source) => {
    const event = await requireEvent(source.database, eventId);
    const [{ eventStatistics, statisticsJson }, { formatMoment }] = await Promise.all([
      import("../server/issuances/statistics.ts"),
      import("../server/events/schedule.ts"),
    ]);
    const statistics = await eventStatistics(source, event);
    if (flags.json) {
      const all = statisticsJson(event, statistics);
      print(source.isBlind ? { ...all, undelivered: null } : all);
      return;
    }
    const moment = (epochMs: number | null) =>
      epochMs === null ? "-" : formatMoment(epochMs, event.timeZone);
    const waiting = source.isBlind ? "unknown: --redis looks" : group(statistics.undelivered);
    print(
      `${summaryText(event, statistics, waiting, moment)}\n\n${windowText(event, statistics, moment)}`,
    );
  });
}

type Moment = (epochMs: number | null) => string;

function summaryText(
  event: EventDefinition,
  statistics: EventStatistics,
  waiting: string,
  moment: Moment,
): string {
  const { issued, redeemed, revoked, peakPerSecond, soldOutAtMs, soldOutAfterOpenMs } = statistics;
  const given = event.returned === 0 ? "" : ` and ${group(event.returned)} given back`;
  return formatTable([
    ["event", event.id],
    ["stock", `${group(event.stock)}${given}`],
    ["issued", group(issued)],
    ["on their way", waiting],
    ["redeemed", group(redeemed)],
    ["revoked", group(revoked)],
    ["peak", `${group(peakPerSecond)}/s`],
    ["sold out", soldOutAtMs === null ? "no" : moment(soldOutAtMs)],
    ...(soldOutAfterOpenMs === null ? [] : [["", `after ${seconds(soldOutAfterOpenMs)} open`]]),
  ]);
}

function windowText(event: EventDefinition, { windows }: EventStatistics, moment: Moment): string {
  if (windows.length === 0) return "No windows are scheduled.";
  const counts = ({ issued, redeemed, revoked, peakPerSecond }: Counts) =>
    [issued, redeemed, revoked, peakPerSecond].map(group);
  return formatTable([
    [
      ...["window", `opens (${event.timeZone})`, "issued", "redeemed", "revoked", "peak/s"],
      ...["first coupon", "last coupon", "sold out after"],
    ],
    ...windows.map((each) => [
      String(each.window.id),
      moment(each.window.opensAtMs),
      ...counts(each),
      moment(each.firstIssuedAtMs),
      moment(each.lastIssuedAtMs),
      each.soldOutAfterMs === null ? "-" : seconds(each.soldOutAfterMs),
    ]),
  ]);
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(3)} s`;
}
