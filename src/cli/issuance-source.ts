/** What the commands on issuances share: their options, the event, and where issuances are. */
import { type Command, Option } from "commander";
import { readRedisUrl } from "../config.ts";
import { CliError, EXIT } from "../exit-codes.ts";
import type { Database } from "../server/database.ts";
import type { EventDefinition } from "../server/events/event.ts";
import { EventError, unknownEvent } from "../server/events/event-error.ts";
import type { IssuanceSource } from "../server/issuances/arrival.ts";
import type { IssuanceStatus } from "../server/issuances/issuance.ts";
import { IssuanceError } from "../server/issuances/issuance-error.ts";
import type { Selector } from "../server/issuances/selector.ts";
import { wholeNumber } from "./count.ts";
import {
  type Access,
  type DatabaseFlags,
  onDatabase,
  withDatabaseOptions,
} from "./database-command.ts";
import { redisOption } from "./event-database.ts";
import { eventRefusal } from "./event-refusal.ts";

/** What `--status` takes. */
export const STATUSES = [
  "issued",
  "redeemed",
  "revoked",
] as const satisfies readonly IssuanceStatus[];

const MAX_RANK = Number.MAX_SAFE_INTEGER;

export interface IssuanceFlags extends DatabaseFlags {
  readonly redis?: string;
}

export interface SelectorFlags extends IssuanceFlags {
  readonly member?: string;
  readonly rank?: number;
  readonly code?: string;
}

/** The ledger, and what the commands can see of what is on its way there. */
export interface CliIssuanceSource extends IssuanceSource {
  /** A Redis decides for the database and was not named: what waits in its stream cannot be seen. */
  readonly isBlind: boolean;
}

/** Adds `--db`, `--json` and `--redis`. */
export function withIssuanceOptions(command: Command): Command {
  return withDatabaseOptions(command).addOption(redisOption());
}

/** Adds `--member`, `--rank` and `--code`, of which `readSelector` wants one. */
export function withSelectorOptions(command: Command): Command {
  return command
    .option("--member <id>", "the member who has the coupon")
    .addOption(new Option("--rank <n>", "its rank").argParser(wholeNumber(1, MAX_RANK)))
    .option("--code <code>", "its code");
}

/** @throws CliError unless exactly one of the three is given */
export function readSelector({ member, rank, code }: SelectorFlags): Selector {
  const given: Selector[] = [];
  if (member !== undefined) given.push({ by: "member", memberId: member });
  if (rank !== undefined) given.push({ by: "rank", rank });
  if (code !== undefined) given.push({ by: "code", code: code.trim() });
  const [selector] = given;
  if (selector === undefined || given.length > 1) {
    throw new CliError("name the coupon by one of --member, --rank and --code");
  }
  return selector;
}

/** Opens the database, and the Redis where one is named; refusals become one line for `main.ts`. */
export async function onIssuances(
  flags: IssuanceFlags,
  access: Access,
  work: (source: CliIssuanceSource) => Promise<void>,
): Promise<void> {
  const redisUrl = readRedisUrl(flags);
  let isBlind = false;
  try {
    await onDatabase(flags, access, async (database) => {
      if (redisUrl !== undefined) return await withRedis(database, redisUrl, work);
      const source = await ofDatabase(database);
      isBlind = source.isBlind;
      await work(source);
    });
  } catch (error) {
    if (error instanceof EventError) throw eventRefusal(error);
    if (error instanceof IssuanceError) throw issuanceRefusal(error, isBlind);
    throw error;
  }
}

/** @throws EventError when there is no event with this id */
export async function requireEvent(database: Database, eventId: string): Promise<EventDefinition> {
  const { findEvent } = await import("../server/events/administration.ts");
  const event = await findEvent(database, eventId);
  if (event === undefined) throw unknownEvent(eventId);
  return event;
}

async function ofDatabase(database: Database): Promise<CliIssuanceSource> {
  const [{ pageOutbox }, { isDecidedByRedis }] = await Promise.all([
    import("../server/ledger/outbox.ts"),
    import("../server/decider.ts"),
  ]);
  return {
    database,
    undelivered: (event) => pageOutbox(database, event.id),
    isBlind: await isDecidedByRedis(database),
  };
}

async function withRedis(
  database: Database,
  redisUrl: string,
  work: (source: CliIssuanceSource) => Promise<void>,
): Promise<void> {
  const [{ openRedis }, { mayDecide }, { pageOutbox }, { pageStream }] = await Promise.all([
    import("../server/claims/redis/connection.ts"),
    import("../server/decider.ts"),
    import("../server/ledger/outbox.ts"),
    import("../server/ledger/stream.ts"),
  ]);
  const connection = await openRedis(redisUrl, () => undefined);
  try {
    if (!(await mayDecide(database, connection.client))) {
      throw new CliError(
        "another Redis decides for this database: name that one (--redis, COUPONLIVE_REDIS)",
        EXIT.failed,
      );
    }
    await work({
      database,
      async *undelivered(event) {
        yield* pageOutbox(database, event.id);
        yield* pageStream(connection.client, event.id);
      },
      isBlind: false,
    });
  } finally {
    connection.close();
  }
}

/** What is not in the ledger may still be in a Redis that was not asked. */
function issuanceRefusal({ code, message }: IssuanceError, isBlind: boolean): CliError {
  if (isBlind && (code === "unknown_issuance" || code === "unknown_coupon")) {
    return new CliError(
      `${message} that the ledger knows of, but a Redis decides for this database and may hold it: add --redis to look there too`,
      EXIT.failed,
    );
  }
  return new CliError(message, code === "not_in_ledger_yet" ? EXIT.failed : EXIT.usage);
}
