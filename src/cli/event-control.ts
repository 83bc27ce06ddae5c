/** `couponlive event pause`, `resume`, `end`, `restock`, `delete` and `import-codes`. */
import type { Command } from "commander";
import { CliError } from "../exit-codes.ts";
import type { Actor } from "../server/audit.ts";
import type { Database } from "../server/database.ts";
import type { EventDefinition } from "../server/events/event.ts";
import { EVENT_LIMITS } from "../server/events/limits.ts";
import { cliActor } from "./actor.ts";
import { confirm } from "./confirm.ts";
import { type DatabaseFlags, print, withDatabaseOptions } from "./database-command.ts";
import {
  onEvents,
  type RedisFlags,
  redisOption,
  requireEventOf,
  withRedis,
} from "./event-database.ts";
import { readTextFile } from "./text-file.ts";

type Change = (database: Database, eventId: string, actor: Actor) => Promise<EventDefinition>;

interface ConfirmFlags extends RedisFlags {
  readonly yes?: true;
}

/** More than a million codes of the greatest length take. */
const MAX_CODES_FILE_BYTES = 70_000_000;

/** Adds the commands to `couponlive event`. */
export function addControlCommands(event: Command): void {
  addPauseCommand(event);
  addResumeCommand(event);
  addEndCommand(event);
  addRestockCommand(event);
  addImportCommand(event);
  addDeleteCommand(event);
}

function addPauseCommand(event: Command): void {
  withDatabaseOptions(event.command("pause"))
    .description("Stops an event from issuing until it is resumed.")
    .argument("<id>", "the event")
    .addHelpText("after", "\nExample:\n  couponlive event pause summer")
    .action(async (id: string, flags: DatabaseFlags) => {
      const { pauseEvent } = await import("../server/events/administration.ts");
      await change(id, flags, pauseEvent, "paused");
    });
}

function addResumeCommand(event: Command): void {
  withDatabaseOptions(event.command("resume"))
    .description("Lets a paused event issue again.")
    .argument("<id>", "the event")
    .addHelpText("after", "\nExample:\n  couponlive event resume summer")
    .action(async (id: string, flags: DatabaseFlags) => {
      const { resumeEvent } = await import("../server/events/administration.ts");
      await change(id, flags, resumeEvent, "resumed");
    });
}

function addEndCommand(event: Command): void {
  withDatabaseOptions(event.command("end"))
    .description("Ends an event for good; members keep their coupons.")
    .argument("<id>", "the event")
    .option("--yes", "do not ask")
    .addHelpText("after", "\nExample:\n  couponlive event end summer --yes")
    .action(async (id: string, flags: ConfirmFlags) => {
      const { endEvent } = await import("../server/events/administration.ts");
      const confirmed: Change = async (database, eventId, actor) => {
        const { name } = await requireEventOf(database, eventId);
        await confirm(`this ends event ${eventId} (${name}) for good`, flags);
        return await endEvent(database, eventId, actor);
      };
      await change(id, flags, confirmed, "ended");
    });
}

function addRestockCommand(event: Command): void {
  withDatabaseOptions(event.command("restock"))
    .addOption(redisOption())
    .description("Sets an event's stock: up, or down to what is issued.")
    .argument("<id>", "the event")
    .argument("<stock>", "how many coupons there are to be, those that are issued among them")
    .addHelpText(
      "after",
      `
To lower it, whoever decides must agree: on Redis, name that with --redis.

Example:
  couponlive event restock summer 120000`,
    )
    .action(restock);
}

function addImportCommand(event: Command): void {
  withDatabaseOptions(event.command("import-codes"))
    .description("Gives an event codes of its own, before its first window begins.")
    .argument("<id>", "the event")
    .argument("<file>", "a code a line, one for each coupon of the stock; - for stdin")
    .addHelpText("after", "\nExample:\n  couponlive event import-codes summer codes.txt")
    .action(importFile);
}

function addDeleteCommand(event: Command): void {
  withDatabaseOptions(event.command("delete"))
    .addOption(redisOption())
    .description("Deletes an event that has issued nothing, its windows and its codes.")
    .argument("<id>", "the event")
    .option("--yes", "do not ask")
    .addHelpText("after", "\nExample:\n  couponlive event delete summer --yes")
    .action(remove);
}

async function change(id: string, flags: DatabaseFlags, make: Change, done: string): Promise<void> {
  await onEvents(flags, "change", async (database) => {
    const event = await make(database, id, cliActor());
    await report(flags, database, event, `Event ${id} is ${done}.`);
  });
}

async function restock(id: string, stockText: string, flags: RedisFlags): Promise<void> {
  const stock = /^\d+$/.test(stockText) ? Number(stockText) : Number.NaN;
  if (!(stock >= 1 && stock <= EVENT_LIMITS.stock)) {
    throw new CliError(
      `the stock must be a whole number from 1 to ${EVENT_LIMITS.stock}, not "${stockText}"`,
    );
  }
  await onEvents(flags, "change", async (database) => {
    const { restockEvent } = await import("../server/events/stock.ts");
    const before = await requireEventOf(database, id);
    // A higher stock needs nobody's consent.
    const event =
      stock >= before.stock
        ? await restockEvent(database, id, stock, cliActor())
        : await withRedis(flags, (redis) => restockEvent(database, id, stock, cliActor(), redis));
    const text = `Event ${id} has a stock of ${stock.toLocaleString("en-US")}.`;
    await report(flags, database, event, text);
  });
}

async function importFile(id: string, file: string, flags: DatabaseFlags): Promise<void> {
  const text = await readTextFile(file, MAX_CODES_FILE_BYTES);
  await onEvents(flags, "change", async (database) => {
    const { importCodes } = await import("../server/events/own-codes.ts");
    const codes = await importCodes(database, id, text, { nowMs: Date.now(), actor: cliActor() });
    const count = codes.toLocaleString("en-US");
    print(flags.json ? { eventId: id, codes } : `Event ${id} has ${count} codes of its own.`);
  });
}

async function remove(id: string, flags: ConfirmFlags): Promise<void> {
  await onEvents(flags, "change", async (database) => {
    const { deleteEvent } = await import("../server/events/removal.ts");
    const { name } = await requireEventOf(database, id);
    await confirm(`this deletes event ${id} (${name})`, flags);
    await withRedis(flags, (redis) => deleteEvent(database, id, cliActor(), redis));
    print(flags.json ? { eventId: id, deleted: true } : `Event ${id} is deleted.`);
  });
}

async function report(
  flags: DatabaseFlags,
  database: Database,
  event: EventDefinition,
  text: string,
): Promise<void> {
  if (!flags.json) return print(text);
  const { countIssued } = await import("../server/events/administration.ts");
  const { eventJson } = await import("./event-view.ts");
  const issued = await countIssued(database.orm, event.id);
  print(eventJson({ event, issued, nowMs: Date.now() }));
}
