/** `couponlive event schedule`, `windows` and `unschedule`. */
import type { Command } from "commander";
import { CliError } from "../exit-codes.ts";
import { EVENT_LIMITS } from "../server/events/limits.ts";
import type { Opening } from "../server/events/windows.ts";
import { cliActor } from "./actor.ts";
import { collect, noneAsNull, orNone, wholeNumber } from "./count.ts";
import { type DatabaseFlags, print, withDatabaseOptions } from "./database-command.ts";
import { onEvents, requireEventOf } from "./event-database.ts";
import { readTextFile } from "./text-file.ts";

interface ScheduleFlags extends DatabaseFlags {
  readonly now?: true;
  readonly at?: readonly string[];
  readonly daily?: string;
  readonly from?: string;
  readonly days?: number;
  readonly file?: string;
  readonly tz?: string;
  readonly quota?: number | "none";
  readonly dryRun?: true;
}

/** Far more than the windows that an event may have. */
const MAX_WINDOWS_FILE_BYTES = 1_000_000;

/** Adds the commands to `couponlive event`. */
export function addScheduleCommands(event: Command): void {
  addScheduleCommand(event);
  addWindowsCommand(event);
  addUnscheduleCommand(event);
}

function addScheduleCommand(event: Command): void {
  withDatabaseOptions(event.command("schedule"))
    .description("Adds windows to an event: all that are asked for, or none.")
    .argument("<id>", "the event")
    .option("--now", "one window that opens at once")
    .option(
      "--at <time>",
      "2026-12-01T10:00 in the zone, or 2026-12-01T10:00+09:00; repeatable",
      collect,
    )
    .option("--daily <times>", "the same times on several days, such as 10:00,12:00")
    .option("--from <date>", "the first day of --daily, such as 2026-12-01")
    .option(
      "--days <n>",
      "how many days --daily goes on (default: 1)",
      wholeNumber(1, EVENT_LIMITS.dailyScheduleDays),
    )
    .option("--file <file>", "windows from a file, opensAt[,closesAt][,quota] a line, or JSON")
    .option("--tz <zone>", "the zone of the times given (default: the event's)")
    .option(
      "--quota <n>",
      "the most that each of these windows may issue, or none (default: the event's)",
      orNone(wholeNumber(1, EVENT_LIMITS.stock)),
    )
    .option("--dry-run", "show the windows and add none")
    .addHelpText(
      "after",
      `
Examples:
  couponlive event schedule summer --now
  couponlive event schedule summer --at 2026-12-01T10:00 --at 2026-12-01T20:00
  couponlive event schedule summer --daily 10:00,12:00 --from 2026-12-01 --days 7 --tz Asia/Seoul
  couponlive event schedule summer --file windows.csv --dry-run`,
    )
    .action(schedule);
}

function addWindowsCommand(event: Command): void {
  withDatabaseOptions(event.command("windows"))
    .description("Lists the windows of an event.")
    .argument("<id>", "the event")
    .addHelpText("after", "\nExample:\n  couponlive event windows summer")
    .action(listWindows);
}

function addUnscheduleCommand(event: Command): void {
  withDatabaseOptions(event.command("unschedule"))
    .description("Removes windows that have not begun: all that are named, or none.")
    .argument("<id>", "the event")
    .argument("<window...>", "the windows' numbers, as `event windows` lists them")
    .addHelpText("after", "\nExample:\n  couponlive event unschedule summer 12 13")
    .action(unschedule);
}

async function schedule(id: string, flags: ScheduleFlags): Promise<void> {
  refuseMixedTimes(flags);
  await onEvents(flags, flags.dryRun ? "read" : "change", async (database) => {
    const { addWindows, previewWindows } = await import("../server/events/administration.ts");
    const { windowJson, windowTable } = await import("./event-view.ts");
    const { timeZone } = await requireEventOf(database, id);
    const nowMs = Date.now();
    const openings = await readOpenings(flags, timeZone, nowMs);
    const windows = flags.dryRun
      ? await previewWindows(database, id, openings, { nowMs })
      : await addWindows(database, id, openings, { nowMs, actor: cliActor() });
    if (flags.json) {
      const dryRun = flags.dryRun ? { dryRun: true } : {};
      const described = windows.map((window) => windowJson(window, timeZone));
      return print({ eventId: id, timeZone, ...dryRun, windows: described });
    }
    const what = flags.dryRun ? "Windows that would be added" : "Windows added";
    print(`${what} to event ${id}: ${windows.length}\n\n${windowTable(windows, timeZone)}`);
  });
}

async function listWindows(id: string, flags: DatabaseFlags): Promise<void> {
  await onEvents(flags, "read", async (database) => {
    const { windowJson, windowTable } = await import("./event-view.ts");
    const { windows, timeZone } = await requireEventOf(database, id);
    if (flags.json) print(windows.map((window) => windowJson(window, timeZone)));
    else if (windows.length === 0) print(`No windows are scheduled for event ${id}.`);
    else print(windowTable(windows, timeZone));
  });
}

async function unschedule(
  id: string,
  windowTexts: readonly string[],
  flags: DatabaseFlags,
): Promise<void> {
  const wrong = windowTexts.find((text) => !/^\d{1,15}$/.test(text));
  if (wrong !== undefined) {
    throw new CliError(
      `"${wrong}" is not the number of a window: couponlive event windows ${id} lists them`,
    );
  }
  await onEvents(flags, "change", async (database) => {
    const { removeWindows } = await import("../server/events/administration.ts");
    const { windowJson, windowTable } = await import("./event-view.ts");
    const { timeZone } = await requireEventOf(database, id);
    const change = { nowMs: Date.now(), actor: cliActor() };
    const removed = await removeWindows(database, id, windowTexts.map(Number), change);
    const windows = removed.map((window) => windowJson(window, timeZone));
    print(
      flags.json
        ? { eventId: id, timeZone, windows }
        : `Windows removed from event ${id}: ${removed.length}\n\n${windowTable(removed, timeZone)}`,
    );
  });
}

/** The windows that the flags, which refuseMixedTimes has judged, ask for. */
async function readOpenings(
  flags: ScheduleFlags,
  eventZone: string,
  nowMs: number,
): Promise<Opening[]> {
  const timeZone = flags.tz ?? eventZone;
  const quota = noneAsNull(flags.quota);
  if (flags.file !== undefined) {
    const { readWindowsFile } = await import("../server/events/windows-file.ts");
    const text = await readTextFile(flags.file, MAX_WINDOWS_FILE_BYTES);
    const openings = readWindowsFile(text, timeZone);
    return openings.map((opening) => ({ ...opening, quota: opening.quota ?? quota }));
  }
  const moments = await readMoments(flags, timeZone, nowMs);
  return moments.map((opensAtMs) => ({ opensAtMs, quota }));
}

/** When windows open: ms since the epoch. */
async function readMoments(
  { at, daily, from, days = 1 }: ScheduleFlags,
  timeZone: string,
  nowMs: number,
): Promise<number[]> {
  const { dailyOpenings, parseMoment } = await import("../server/events/schedule.ts");
  if (at !== undefined) return at.map((time) => parseMoment(time, timeZone));
  if (daily === undefined || from === undefined) return [nowMs];
  return dailyOpenings({ times: daily.split(","), from, days, timeZone });
}

/** A flag that would be ignored is a misunderstanding: it is refused. */
function refuseMixedTimes({ now, at, daily, from, days, file, tz }: ScheduleFlags): void {
  const ways = [now, at, daily, file].filter((flag) => flag !== undefined).length;
  if (ways === 0) {
    throw new CliError("say when the windows open, by one of --now, --at, --daily and --file");
  }
  if (ways > 1) throw new CliError("give only one of --now, --at, --daily and --file");
  if (daily !== undefined && from === undefined) {
    throw new CliError("--daily needs the first day: add --from, such as --from 2026-12-01");
  }
  if (daily === undefined && (from !== undefined || days !== undefined)) {
    throw new CliError("--from and --days belong to --daily: add it, or leave them out");
  }
  if (now !== undefined && tz !== undefined) {
    throw new CliError("--tz belongs to --at, --daily and --file: leave it out with --now");
  }
}
