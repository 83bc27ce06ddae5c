/** Opens what a verification reads, verifies, and closes it again. */
import type { DatabaseConfig } from "../../config.ts";
import { openRedis } from "../claims/redis/connection.ts";
import { openDatabase } from "../database.ts";
import { findEvent } from "../events/administration.ts";
import { type Verification, verifyEvent } from "./verify.ts";

/**
 * Verifies an event by its id.
 *
 * @returns undefined when there is no such event
 * @throws CliError when the Redis cannot be reached
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
      return await verifyEvent(database, event, connection.client);
    } finally {
      connection.close();
    }
  } finally {
    database.close();
  }
}
