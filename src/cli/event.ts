/** `couponlive event`: what an administrator needs to set up a giveaway. */
import { type Command, Option } from "commander";
import { CliError } from "../exit-codes.ts";
import type { Database } from "../server/database.ts";
import { EventError, unknownEvent } from "../server/events/event-error.ts";
import { EVENT_DEFAULTS, EVENT_LIMITS } from "../server/events/limits.ts";
import { wholeNumber } from "./count.ts";
import {
  type Access,
  type DatabaseFlags,
  onDatabase,
  print,
  withDatabaseOptions,
} from "./database-command.ts";
import { duration } from "./duration.ts";
import { eventRefusal } from "./event-refusal.ts";

interface CreateFlags extends DatabaseFlags {
  readonly name: string;
  readonly id?: string;
  readonly stock: number;
  readonly coupon?: readonly string[];
  readonly tz: string;
  readonly windowLength: number;
  readonly windowsPerDay: number;
}

interface ScheduleFlags extends DatabaseFlags {
  readonly now?: true;
  readonly at?: readonly string[];
  readonly daily?: string;
  readonly from?: string;
  readonly days?: number;
  readonly tz?: string;
  readonly quota?: number;
}

/** Adds `couponlive event`. */
export function addEventCommand(program: Command): void {
  const event = program
    .command("event")
    .description("Sets up giveaways; a running server follows within a second.");
  addCreateCommand(event);
  addScheduleCommand(event);
  addListCommand(event);
  addShowCommand(event);
}

function addCreateCommand(event: Command): void {
  withDatabaseOptions(event.command("create"))
    .description("Makes an event. It issues nothing until windows are scheduled.")
    .requiredOption("--name <name>", "what members see")
    .option("--id <id>", "lower-case letters, digits, hyphens (default: made from the name)")
    .option(
      "--stock <n>",
      "how many coupons there are",
      wholeNumber(1, EVENT_LIMITS.stock),
      EVENT_DEFAULTS.stock,
    )
    .option(
      "--coupon <kind:value:count>",
      "what the first, next, … ranks get; repeatable; the last may leave out the count (default: percent:10)",
      collect,
    )
    .option("--tz <zone>", "the zone of the event's days", EVENT_DEFAULTS.timeZone)
    .addOption(
      new Option("--window-length <duration>", "how long a window lasts")
        .argParser(duration(EVENT_LIMITS.windowLengthMs))
        .default(EVENT_DEFAULTS.windowLengthMs, "60s"),
    )
    .option(
      "--windows-per-day <n>",
      "how many windows may begin on one day",
      wholeNumber(1, EVENT_LIMITS.windowsPerDay),
      EVENT_DEFAULTS.windowsPerDay,
    )
    .addHelpText(
      "after",
      `
Example: half price for the first thousand, 5,000 off for the rest
  couponlive event create --name "Summer Sale" --id summer --tz Asia/Seoul \\
    --coupon percent:50:1000 --coupon amount:5000`,
    )
    .action(create);
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
    .option("--tz <zone>", "the zone of the times given (default: the event's)")
    .option(
      "--quota <n>",
      "the most that each of these windows may issue",
      wholeNumber(1, EVENT_LIMITS.stock),
    )
    .addHelpText(
      "after",
      `
Examples:
  couponlive event schedule summer --now
  couponlive event schedule summer --at 2026-12-01T10:00 --at 2026-12-01T20:00
  couponlive event schedule summer --daily 10:00,12:00 --from 2026-12-01 --days 7 --tz Asia/Seoul`,
    )
    .action(schedule);
}

function addListCommand(event: Command): void {
  withDatabaseOptions(event.command("list"))
    .description("Lists the events, the oldest first.")
    .addHelpText("after", "\nExample:\n  couponlive event list --json | jq '.[].id'")
    .action(list);
}

function addShowCommand(event: Command): void {
  withDatabaseOptions(event.command("show"))
    .description("Shows an event: state, coupons issued, windows.")
    .argument("<id>", "the event")
    .addHelpText("after", "\nExample:\n  couponlive event show summer")
    .action(show);
}

async function create(flags: CreateFlags): Promise<void> {
  await onEvents(flags, "create", async (database) => {
    const { createEvent } = await import("../server/events/administration.ts");
    const { parseCouponShare } = await import("../server/events/coupons.ts");
    const { eventJson, eventText } = await import("./event-view.ts");
    const event = await createEvent(database, {
      id: flags.id,
      name: flags.name,
      stock: flags.stock,
      coupons: flags.coupon?.map(parseCouponShare),
      timeZone: flags.tz,
      windowLengthMs: flags.windowLength,
      windowsPerDay: flags.windowsPerDay,
    });
    const facts = { event, issued: 0, nowMs: Date.now() };
    print(
      flags.json
        ? eventJson(facts)
        : `${eventText(facts)}\n\nNext: couponlive event schedule ${event.id} --now (--help shows more)`,
    );
  });
}

async function schedule(id: string, flags: ScheduleFlags): Promise<void> {
  refuseMixedTimes(flags);
  await onEvents(flags, "change", async (database) => {
    const { addWindows, findEvent } = await import("../server/events/administration.ts");
    const { windowJson, windowTable } = await import("./event-view.ts");
    const event = await findEvent(database, id);
    if (event === undefined) throw unknownEvent(id);
    const nowMs = Date.now();
    const moments = await readMoments(flags, event.timeZone, nowMs);
    const openings = moments.map((opensAtMs) => ({ opensAtMs, quota: flags.quota }));
    const added = await addWindows(database, id, openings, { nowMs });
    const windows = added.map((window) => windowJson(window, event.timeZone));
    print(
      flags.json
        ? { eventId: id, timeZone: event.timeZone, windows }
        : `Windows added to event ${id}: ${added.length}\n\n${windowTable(added, event.timeZone)}`,
    );
  });
}

async function list(flags: DatabaseFlags): Promise<void> {
  await onEvents(flags, "read", async (database) => {
    const { countIssued, listEvents } = await import("../server/events/administration.ts");
    const { eventJson, eventTable } = await import("./event-view.ts");
    const nowMs = Date.now();
    const all = await Promise.all(
      (await listEvents(database)).map(async (event) => {
        return { event, issued: await countIssued(database.orm, event.id), nowMs };
      }),
    );
    if (flags.json) print(all.map(eventJson));
    else print(all.length === 0 ? "There are no events." : eventTable(all));
  });
}

async function show(id: string, flags: DatabaseFlags): Promise<void> {
  await onEvents(flags, "read", async (database) => {
    const { countIssued, findEvent } = await import("../server/events/administration.ts");
    const { eventJson, eventText } = await import("./event-view.ts");
    const event = await findEvent(database, id);
    if (event === undefined) throw unknownEvent(id);
    const facts = { event, issued: await countIssued(database.orm, id), nowMs: Date.now() };
    print(flags.json ? eventJson(facts) : eventText(facts));
  });
}

/** Makes of the refusals of what the work does one line that `main.ts` prints. */
async function onEvents(
  flags: DatabaseFlags,
  access: Access,
  work: (database: Database) => Promise<void>,
): Promise<void> {
  try {
    await onDatabase(flags, access, work);
  } catch (error) {
    throw error instanceof EventError ? eventRefusal(error) : error;
  }
}

/** When the flags, which refuseMixedTimes has judged, say that windows open: ms since the epoch. */
async function readMoments(
  flags: ScheduleFlags,
  eventZone: string,
  nowMs: number,
): Promise<number[]> {
  const { dailyOpenings, parseMoment } = await import("../server/events/schedule.ts");
  const timeZone = flags.tz ?? eventZone;
  if (flags.at !== undefined) return flags.at.map((time) => parseMoment(time, timeZone));
  const { daily, from, days = 1 } = flags;
  if (daily === undefined || from === undefined) return [nowMs];
  return dailyOpenings({ times: daily.split(","), from, days, timeZone });
}

/** A flag that would be ignored is a misunderstanding: it is refused. */
function refuseMixedTimes({ now, at, daily, from, days, tz }: ScheduleFlags): void {
  const ways = [now, at, daily].filter((flag) => flag !== undefined).length;
  if (ways === 0)
    throw new CliError("say when the windows open, by one of --now, --at and --daily");
  if (ways > 1) throw new CliError("give only one of --now, --at and --daily");
  if (daily !== undefined && from === undefined) {
    throw new CliError("--daily needs the first day: add --from, such as --from 2026-12-01");
  }
  if (daily === undefined && (from !== undefined || days !== undefined)) {
    throw new CliError("--from and --days belong to --daily: add it, or leave them out");
  }
  if (now !== undefined && tz !== undefined) {
    throw new CliError("--tz belongs to --at and --daily: leave it out with --now");
  }
}

function collect(value: string, previous: readonly string[] = []): readonly string[] {
  return [...previous, value];
}
