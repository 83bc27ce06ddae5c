/** `couponlive issuance`: the coupons that an event has issued. */
import { type Command, Option } from "commander";
import type { EventDefinition } from "../server/events/event.ts";
import type { IssuanceSource } from "../server/issuances/arrival.ts";
import type { IssuanceStatus } from "../server/issuances/issuance.ts";
import { wholeNumber } from "./count.ts";
import { print } from "./database-command.ts";
import { addIssuanceChangeCommands } from "./issuance-change.ts";
import { addIssuanceExportCommand } from "./issuance-export.ts";
import {
  type IssuanceFlags,
  onIssuances,
  readSelector,
  requireEvent,
  type SelectorFlags,
  STATUSES,
  withIssuanceOptions,
  withSelectorOptions,
} from "./issuance-source.ts";
import { addIssuanceStatsCommand } from "./issuance-stats.ts";
import { group } from "./progress.ts";

const DEFAULT_PAGE_ROWS = 50;
/** As over HTTP: MAX_PAGE_ROWS of ledger/read.ts, which is heavy to load for a command's help. */
const MAX_PAGE_ROWS = 5_000;

interface ListFlags extends IssuanceFlags {
  readonly status?: IssuanceStatus;
  readonly window?: number;
  readonly after: number;
  readonly limit: number;
}

/** Adds `couponlive issuance`. */
export function addIssuanceCommand(program: Command): void {
  const issuance = program
    .command("issuance")
    .description("Looks up, exports, redeems and revokes the coupons that an event has issued.");
  addShowCommand(issuance);
  addListCommand(issuance);
  addIssuanceExportCommand(issuance);
  addIssuanceStatsCommand(issuance);
  addIssuanceChangeCommands(issuance);
}

function addShowCommand(issuance: Command): void {
  withSelectorOptions(withIssuanceOptions(issuance.command("show")))
    .description("Shows one coupon, by its member, its rank or its code.")
    .argument("<event>", "the event's id")
    .addHelpText(
      "after",
      `
Examples:
  couponlive issuance show summer --member kim
  couponlive issuance show summer --code 7ZK2-0QXH-41VD-M8RT --json`,
    )
    .action(show);
}

function addListCommand(issuance: Command): void {
  withIssuanceOptions(issuance.command("list"))
    .description("Lists an event's coupons by rank, a page at a time.")
    .argument("<event>", "the event's id")
    .addOption(new Option("--status <status>", "only these").choices(STATUSES))
    .addOption(
      new Option("--window <n>", "only those of the window with this number").argParser(
        wholeNumber(1, Number.MAX_SAFE_INTEGER),
      ),
    )
    .addOption(
      new Option("--after <rank>", "begin behind this rank")
        .argParser(wholeNumber(0, Number.MAX_SAFE_INTEGER))
        .default(0),
    )
    .addOption(
      new Option("--limit <n>", "at most so many")
        .argParser(wholeNumber(1, MAX_PAGE_ROWS))
        .default(DEFAULT_PAGE_ROWS),
    )
    .addHelpText(
      "after",
      `
Examples:
  couponlive issuance list summer --status redeemed
  couponlive issuance list summer --after 50 --json | jq -r '.issuances[].memberId'`,
    )
    .action(list);
}

async function show(eventId: string, flags: SelectorFlags): Promise<void> {
  const selector = readSelector(flags);
  await onIssuances(flags, "read", async (source) => {
    const event = await requireEvent(source.database, eventId);
    const { findIssuance, unknownIssuance } = await import("../server/issuances/arrival.ts");
    const found = await findIssuance(source, event, selector);
    if (found === undefined) throw unknownIssuance(eventId, selector);
    if (flags.json) {
      const { issuanceJson } = await import("../server/issuances/issuance.ts");
      print({ eventId, ...issuanceJson(event, found.issuance), inLedger: found.inLedger });
    } else {
      const { issuanceText } = await import("./issuance-view.ts");
      print(issuanceText(event, found, Date.now()));
    }
  });
}

async function list(eventId: string, flags: ListFlags): Promise<void> {
  await onIssuances(flags, "read", async (source) => {
    const event = await requireEvent(source.database, eventId);
    const { readIssuancePage } = await import("../server/issuances/read.ts");
    const { after: afterRank, limit, status, window: windowId } = flags;
    const query = { afterRank, limit, status, windowId };
    const page = await readIssuancePage(source.database, eventId, query);
    const nextAfterRank = page.length >= limit ? (page.at(-1)?.rank ?? null) : null;
    const undelivered = source.isBlind ? null : await countUndelivered(source, event);
    if (flags.json) {
      const { issuanceJson } = await import("../server/issuances/issuance.ts");
      const issuances = page.map((each) => issuanceJson(event, each));
      print({ eventId, issuances, nextAfterRank, undelivered });
      return;
    }
    const { issuanceTable } = await import("./issuance-view.ts");
    const lines = [
      page.length === 0
        ? "The ledger holds no such coupons."
        : issuanceTable(event, page, Date.now()),
      ...(nextAfterRank === null ? [] : [`\nMore: --after ${nextAfterRank}`]),
      ...undeliveredText(undelivered),
    ];
    print(lines.join("\n"));
  });
}

async function countUndelivered(source: IssuanceSource, event: EventDefinition): Promise<number> {
  let count = 0;
  for await (const page of source.undelivered(event)) count += page.length;
  return count;
}

function undeliveredText(undelivered: number | null): string[] {
  if (undelivered === 0) return [];
  if (undelivered === null) {
    return ["\nMore may wait in the Redis that decides: --redis looks there too."];
  }
  return [`\nOn their way to the ledger, and not listed: ${group(undelivered)}`];
}
