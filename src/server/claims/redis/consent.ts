/**
 * What administration asks of the Redis that decides: how much it has issued, and its consent to a
 * change that forbids to issue more. Redis decides it in one step with the claims around it
 * (docs/decisions/lowering-stock.md).
 */
import type { Redis } from "ioredis";
import { type EventDefinition, lastIssuableRank } from "../../events/event.ts";
import { EngineUnavailableError } from "../engine.ts";
import { fingerprint, isForeignEvent } from "./fingerprint.ts";
import { eventKeys } from "./keys.ts";
import lowerStockLua from "./lower-stock.lua" with { type: "text" };
import retireEventLua from "./retire-event.lua" with { type: "text" };
import { runScript, script } from "./script.ts";

const lowerStockScript = script(lowerStockLua);
const retireEventScript = script(retireEventLua);

/** How many coupons of the event Redis has issued. @throws EngineUnavailableError */
export async function countIssuedInRedis(redis: Redis, eventId: string): Promise<number> {
  return await askRedis(async () =>
    Number((await redis.hget(eventKeys(eventId).state, "issued")) ?? 0),
  );
}

/**
 * Has Redis issue no more of the event than the stock that it is to have from its next revision on.
 *
 * @returns how many it has issued: where that is more, it goes on as before
 * @throws EngineUnavailableError; Redis may have lowered it all the same, which is safe, and any
 * later change of the event sets it right
 */
export async function lowerStockInRedis(redis: Redis, event: EventDefinition): Promise<number> {
  const args = [event.revision + 1, lastIssuableRank(event), fingerprint(event)];
  return await askRedis(async () =>
    Number(await runScript(redis, lowerStockScript, [eventKeys(event.id).state], args)),
  );
}

/**
 * Has Redis decide no claim of the event any more, and forget it, until its next revision if it has one.
 *
 * @returns how many coupons it has issued: where there are any, it goes on as before
 * @throws EngineUnavailableError
 */
export async function retireFromRedis(redis: Redis, event: EventDefinition): Promise<number> {
  const { state, members, windows, stream, contradictions } = eventKeys(event.id);
  const keys = [state, members, windows, stream, contradictions];
  return await askRedis(async () =>
    Number(
      await runScript(redis, retireEventScript, keys, [event.revision + 1, fingerprint(event)]),
    ),
  );
}

/** What the call gives. @throws EngineUnavailableError when Redis does not give it */
export async function askRedis<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (cause) {
    const why = isForeignEvent(cause)
      ? "another database has an event of this id in this Redis"
      : "Redis did not answer: nothing is changed, try again when it is back";
    throw new EngineUnavailableError(why, { cause });
  }
}
