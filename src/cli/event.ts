/** `couponlive event`: what an administrator needs to set up and run a giveaway. */
import type { Command } from "commander";
import { unknownEvent } from "../server/events/event-error.ts";
import { wholeNumber } from "./count.ts";
import { type DatabaseFlags, print, withDatabaseOptions } from "./database-command.ts";
import { addControlCommands } from "./event-control.ts";
import { onEvents, requireEventOf } from "./event-database.ts";
import { addScheduleCommands } from "./event-schedule.ts";
import { addSetupCommands } from "./event-setup.ts";

interface LogFlags extends DatabaseFlags {
  readonly limit: number;
}

/** As many entries as are read from the audit at once. */
const MAX_LOG_ENTRIES = 1_000;
const DEFAULT_LOG_ENTRIES = 100;

/** Adds `couponlive event`. */
export function addEventCommand(program: Command): void {
  const event = program
    .command("event")
    .description("Sets up and runs giveaways; a running server follows within a second.");
  addSetupCommands(event);
  addScheduleCommands(event);
  addControlCommands(event);
  addListCommand(event);
  addShowCommand(event);
  addLogCommand(event);
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

function addLogCommand(event: Command): void {
  withDatabaseOptions(event.command("log"))
    .description("Tells who changed an event, when and what, the newest first.")
    .argument("<id>", "the event, also one that was deleted")
    .option(
      "--limit <n>",
      "how many entries at the most",
      wholeNumber(1, MAX_LOG_ENTRIES),
      DEFAULT_LOG_ENTRIES,
    )
    .addHelpText("after", "\nExample:\n  couponlive event log summer --limit 10")
    .action(log);
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
    const { countIssued } = await import("../server/events/administration.ts");
    const { eventJson, eventText } = await import("./event-view.ts");
    const event = await requireEventOf(database, id);
    const facts = { event, issued: await countIssued(database.orm, id), nowMs: Date.now() };
    print(flags.json ? eventJson(facts) : eventText(facts));
  });
}

async function log(id: string, flags: LogFlags): Promise<void> {
  await onEvents(flags, "read", async (database) => {
    const { readAudit } = await import("../server/audit.ts");
    const { findEvent } = await import("../server/events/administration.ts");
    const { auditJson, auditTable } = await import("./audit-view.ts");
    const entries = await readAudit(database, id, { limit: flags.limit });
    const event = await findEvent(database, id);
    if (event === undefined && entries.length === 0) throw unknownEvent(id);
    if (flags.json) print(entries.map(auditJson));
    else print(entries.length === 0 ? "Nothing is noted." : auditTable(entries, event?.timeZone));
  });
}
