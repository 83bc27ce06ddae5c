/** What the commands of events share: the database, its refusals as one line, and the Redis that decides. */
import { Option } from "commander";
import type { Redis } from "ioredis";
import { readRedisUrl } from "../config.ts";
import { CliError, EXIT } from "../exit-codes.ts";
import { EngineUnavailableError } from "../server/claims/engine.ts";
import type { Database } from "../server/database.ts";
import { EventError, unknownEvent } from "../server/events/event-error.ts";
import { type Access, type DatabaseFlags, onDatabase } from "./database-command.ts";
import { eventRefusal } from "./event-refusal.ts";

export interface RedisFlags extends DatabaseFlags {
  readonly redis?: string;
}

/** Opens the database for the work, and makes of its refusals one line that `main.ts` prints. */
export async function onEvents(
  flags: DatabaseFlags,
  access: Access,
  work: (database: Database) => Promise<void>,
): Promise<void> {
  try {
    await onDatabase(flags, access, work);
  } catch (error) {
    if (error instanceof EngineUnavailableError) throw new CliError(error.message, EXIT.failed);
    throw error instanceof EventError ? eventRefusal(error) : error;
  }
}

/** The event. @throws EventError */
export async function requireEventOf(database: Database, eventId: string) {
  const { findEvent } = await import("../server/events/administration.ts");
  const event = await findEvent(database, eventId);
  if (event === undefined) throw unknownEvent(eventId);
  return event;
}

/** `--redis`, for commands that only the Redis that decides can let pass. */
export function redisOption(): Option {
  return new Option("--redis <url>", "the Redis that decides, where one does (COUPONLIVE_REDIS)");
}

/** Connects to the Redis that is named, for the work; undefined where none is. */
export async function withRedis<T>(
  flags: RedisFlags,
  work: (redis: Redis | undefined) => Promise<T>,
): Promise<T> {
  const url = readRedisUrl(flags);
  if (url === undefined) return await work(undefined);
  const { openRedis } = await import("../server/claims/redis/connection.ts");
  const connection = await openRedis(url, () => undefined);
  try {
    return await work(connection.client);
  } finally {
    connection.close();
  }
}
