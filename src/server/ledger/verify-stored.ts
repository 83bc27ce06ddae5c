/** Opens what a verification reads, verifies, and closes it again. */
import type { DatabaseConfig } from "../../config.ts";
import { CliError, EXIT } from "../../exit-codes.ts";
import { openRedis } from "../claims/redis/connection.ts";
import { eventKeys } from "../claims/redis/keys.ts";
import { openDatabase } from "../database.ts";
import { findEvent } from "../events/administration.ts";
import { type Verification, verifyEvent } from "./verify.ts";

/**
 * Verifies an event by its id.
 *
 * @returns undefined when there is no such event
 * @throws CliError when the database is not there, or the Redis cannot be reached or has never
 * heard of the event
 */
export async function verifyStoredEvent(
  config: DatabaseConfig,
  eventId: string,
  redisUrl: string | undefined,
): Promise<Verification | undefined> {
  const database = await openDatabase(config.db, config.dbToken, { create: false });
  try {
    const event = await findEvent(database, eventId);
    if (event === undefined) return undefined;
    if (redisUrl === undefined) return await verifyEvent(database, event);
    const connection = await openRedis(redisUrl, () => undefined);
    try {
      if ((await connection.client.exists(eventKeys(event.id).state)) === 0) {
        throw new CliError(
          `this Redis does not know the event ${event.id}: name the one that decided its claims (--redis, COUPONLIVE_REDIS)`,
          EXIT.failed,
        );
      }
      return await verifyEvent(database, event, connection.client);
    } finally {
      connection.close();
    }
  } finally {
    database.close();
  }
}
