/** `couponlive event create`, `clone`, `update`, `import-codes` and `delete`. */
import type { Command } from "commander";
import { EVENT_DEFAULTS, EVENT_LIMITS } from "../server/events/limits.ts";
import { cliActor } from "./actor.ts";
import { collect, wholeNumber } from "./count.ts";
import { type DatabaseFlags, print, withDatabaseOptions } from "./database-command.ts";
import { formatDuration } from "./duration.ts";
import {
  onEvents,
  type RedisFlags,
  redisOption,
  requireEventOf,
  withRedis,
} from "./event-database.ts";
import { readSettings, type SettingFlags, withSettingOptions } from "./event-settings.ts";

interface CreateFlags extends DatabaseFlags, SettingFlags {
  readonly name: string;
  readonly id?: string;
  readonly stock: number;
  readonly coupon?: readonly string[];
  readonly tz: string;
}

interface CloneFlags extends DatabaseFlags, SettingFlags {
  readonly name: string;
  readonly id?: string;
}

interface UpdateFlags extends RedisFlags, SettingFlags {
  readonly name?: string;
  readonly coupon?: readonly string[];
}

const COUPON_HELP =
  "what the first, next, … ranks get; repeatable; the last may leave out the count";

/** Adds the commands to `couponlive event`. */
export function addSetupCommands(event: Command): void {
  addCreateCommand(event);
  addCloneCommand(event);
  addUpdateCommand(event);
}

function addCreateCommand(event: Command): void {
  const command = withDatabaseOptions(event.command("create"))
    .description("Makes an event. It issues nothing until windows are scheduled.")
    .requiredOption("--name <name>", "what members see")
    .option("--id <id>", "lower-case letters, digits, hyphens (default: made from the name)")
    .option(
      "--stock <n>",
      "how many coupons there are",
      wholeNumber(1, EVENT_LIMITS.stock),
      EVENT_DEFAULTS.stock,
    )
    .option("--coupon <kind:value:count>", `${COUPON_HELP} (default: percent:10)`, collect)
    .option("--tz <zone>", "the zone of the event's days", EVENT_DEFAULTS.timeZone);
  withSettingOptions(command, {
    windowLength: formatDuration(EVENT_DEFAULTS.windowLengthMs),
    windowsPerDay: String(EVENT_DEFAULTS.windowsPerDay),
    codeLength: String(EVENT_DEFAULTS.codeLength),
  })
    .addHelpText(
      "after",
      `
Examples: half price for the first thousand, 5,000 off for the rest; codes such as MAY-7ZK2-0QXH
  couponlive event create --name "Summer Sale" --id summer --tz Asia/Seoul \\
    --coupon percent:50:1000 --coupon amount:5000
  couponlive event create --name "May Days" --code-prefix MAY --code-length 8 --valid-for 30d`,
    )
    .action(create);
}

function addCloneCommand(event: Command): void {
  const command = withDatabaseOptions(event.command("clone"))
    .description("Makes an event with another one's stock, tiers and policy, without windows.")
    .argument("<id>", "the event to take them from")
    .requiredOption("--name <name>", "what members see of the new event")
    .option("--id <id>", "the new event's id (default: made from the name)");
  withSettingOptions(command, undefined)
    .addHelpText(
      "after",
      `
What is not given is as in the other event. Codes of fewer than 16 letters need another prefix.

Example:
  couponlive event clone summer --name "Autumn Sale" --id autumn`,
    )
    .action(clone);
}

function addUpdateCommand(event: Command): void {
  const command = withDatabaseOptions(event.command("update"))
    .addOption(redisOption())
    .description("Changes an event's settings, as far as nobody was told otherwise.")
    .argument("<id>", "the event")
    .option("--name <name>", "what members see")
    .option("--coupon <kind:value:count>", COUPON_HELP, collect);
  withSettingOptions(command, undefined)
    .addHelpText(
      "after",
      `
Codes stay as they are once the first window has begun; validity can then only grow. Tiers can be
changed while no window is open, for ranks that are not issued.

Example:
  couponlive event update summer --name "Summer Sale!" --windows-per-day 12 --valid-until none`,
    )
    .action(update);
}

async function create(flags: CreateFlags): Promise<void> {
  await onEvents(flags, "create", async (database) => {
    const { createEvent } = await import("../server/events/administration.ts");
    const { parseCouponShare } = await import("../server/events/coupons.ts");
    const { eventJson, eventText } = await import("./event-view.ts");
    const input = {
      ...(await readSettings(flags, flags.tz)),
      id: flags.id,
      name: flags.name,
      stock: flags.stock,
      coupons: flags.coupon?.map(parseCouponShare),
      timeZone: flags.tz,
    };
    const event = await createEvent(database, input, cliActor());
    const facts = { event, issued: 0, nowMs: Date.now() };
    print(flags.json ? eventJson(facts) : `${eventText(facts)}\n\n${nextStep(event.id)}`);
  });
}

async function clone(sourceId: string, flags: CloneFlags): Promise<void> {
  await onEvents(flags, "change", async (database) => {
    const { cloneEvent } = await import("../server/events/administration.ts");
    const { eventJson, eventText } = await import("./event-view.ts");
    const { timeZone } = await requireEventOf(database, sourceId);
    const settings = await readSettings(flags, timeZone);
    const made = { ...settings, id: flags.id, name: flags.name };
    const event = await cloneEvent(database, sourceId, made, cliActor());
    const facts = { event, issued: 0, nowMs: Date.now() };
    print(flags.json ? eventJson(facts) : `${eventText(facts)}\n\n${nextStep(event.id)}`);
  });
}

async function update(id: string, flags: UpdateFlags): Promise<void> {
  await onEvents(flags, "change", async (database) => {
    const { amendEvent } = await import("../server/events/amendment.ts");
    const { countIssued } = await import("../server/events/administration.ts");
    const { parseCouponShare } = await import("../server/events/coupons.ts");
    const { eventJson, eventText } = await import("./event-view.ts");
    const { timeZone } = await requireEventOf(database, id);
    const coupons = flags.coupon?.map(parseCouponShare);
    const amendment = { ...(await readSettings(flags, timeZone)), name: flags.name, coupons };
    const nowMs = Date.now();
    const amend = async (redis?: Parameters<typeof amendEvent>[3]["redis"]) =>
      await amendEvent(database, id, amendment, { nowMs, actor: cliActor(), redis });
    // Only tiers depend on what is issued.
    const event = coupons === undefined ? await amend() : await withRedis(flags, amend);
    const facts = { event, issued: await countIssued(database.orm, id), nowMs };
    print(flags.json ? eventJson(facts) : eventText(facts));
  });
}

function nextStep(eventId: string): string {
  return `Next: couponlive event schedule ${eventId} --now (--help shows more)`;
}
