/** Changing the settings of an event, as far as nobody has been told otherwise. */
import { eq } from "drizzle-orm";
import type { Redis } from "ioredis";
import { coupons } from "../../../schema/tables.ts";
import { type Actor, recordAudit } from "../audit.ts";
import { countIssuedInRedis } from "../claims/redis/consent.ts";
import type { Database } from "../database.ts";
import { changeCatalogue, updateEvent } from "./change.ts";
import { type CouponShare, couponTiers } from "./coupons.ts";
import { type CouponTier, couponForRank, type EventDefinition } from "./event.ts";
import { EventError } from "./event-error.ts";
import { type Queryable, requireEvent, requireRunningEvent } from "./event-rows.ts";
import { agree, countInDatabase, findDecider, requireUnchanged } from "./issued.ts";
import { FOLLOW_LIMIT_MS } from "./limits.ts";
import { checkSettings, requireCodesOfItsOwn, type SomeSettings } from "./settings.ts";

/** What is to change; what is left out stays. */
export interface Amendment extends SomeSettings {
  /** In rank order, over the whole stock as it is. */
  readonly coupons?: readonly CouponShare[] | undefined;
}

export interface AmendmentContext {
  readonly nowMs: number;
  readonly actor?: Actor;
  /** The Redis that decides, where one does; only a change of tiers needs it. */
  readonly redis?: Redis | undefined;
}

/**
 * Changes an event's settings, all that are given or none:
 *
 * - the name and the policy of windows at any time; windows that are planned keep what they have;
 * - prefix and length of codes until its first window begins;
 * - the validity at any time, but from its first window on only to a longer one;
 * - the tiers at any time when no window is open, or near; those of issued ranks must stay.
 *
 * @throws EventError (`setting_fixed` for what may not change any more, `redis_needed`, …)
 * @throws EngineUnavailableError when Redis does not answer
 */
export async function amendEvent(
  database: Database,
  eventId: string,
  amendment: Amendment,
  { nowMs, actor = "program", redis }: AmendmentContext,
): Promise<EventDefinition> {
  const settings = checkSettings(amendment);
  const { coupons: shares } = amendment;
  if (Object.keys(settings).length === 0 && shares === undefined) {
    throw new EventError("invalid_input", "nothing to change was given");
  }
  return await agree(eventId, async () => {
    const asked = await requireRunningEvent(database.orm, eventId);
    const inRedis =
      shares === undefined || !hasBegun(asked, nowMs)
        ? undefined
        : await countInRedis(database, eventId, redis);
    return await changeCatalogue(database, async (transaction, revision) => {
      const before = await requireRunningEvent(transaction, eventId);
      const after = { ...before, ...settings };
      if (changesCodes(before, after)) await requireFreeCodes(transaction, after, nowMs);
      requireKeptPromise(before, after, nowMs);
      if (shares !== undefined) {
        const tiers = couponTiers(shares, before.stock);
        if (inRedis !== undefined) {
          await requireUnchanged(transaction, inRedis.deciding, asked, before);
        }
        const inDatabase = await countInDatabase(transaction, eventId);
        requireKeptTiers(before, tiers, Math.max(inDatabase, inRedis?.issued ?? 0), nowMs);
        await replaceTiers(transaction, eventId, tiers);
      }
      await updateEvent(transaction, eventId, revision, settings);
      const details = { ...settings, ...(shares === undefined ? {} : { coupons: shares }) };
      const entry = { actor, action: "event.update", eventId, details, atMs: nowMs };
      await recordAudit(transaction, entry);
      return await requireEvent(transaction, eventId);
    });
  });
}

/** How many the Redis that decides has issued, where one does. */
async function countInRedis(database: Database, eventId: string, redis: Redis | undefined) {
  const deciding = await findDecider(database, redis);
  const issued =
    deciding.redis === undefined ? 0 : await countIssuedInRedis(deciding.redis, eventId);
  return { deciding, issued };
}

/** Whether its first window has begun, or begins before every server has followed a change. */
export function hasBegun(event: EventDefinition, nowMs: number): boolean {
  const first = event.windows[0];
  return first !== undefined && first.opensAtMs < nowMs + FOLLOW_LIMIT_MS;
}

function changesCodes(before: EventDefinition, after: EventDefinition): boolean {
  return before.codePrefix !== after.codePrefix || before.codeLength !== after.codeLength;
}

async function requireFreeCodes(
  transaction: Queryable,
  event: EventDefinition,
  nowMs: number,
): Promise<void> {
  if (event.codesImported) {
    throw fixed(
      `event ${event.id} brought its own codes: they have no prefix and no length to set`,
    );
  }
  if (hasBegun(event, nowMs)) {
    throw fixed(`the first window of event ${event.id} has begun: its codes stay as they are`);
  }
  await requireCodesOfItsOwn(transaction, event);
}

function requireKeptPromise(before: EventDefinition, after: EventDefinition, nowMs: number): void {
  if (after.validUntilMs !== before.validUntilMs && (after.validUntilMs ?? nowMs + 1) <= nowMs) {
    throw new EventError("invalid_input", "the end of validity is over: give a later one");
  }
  if (!hasBegun(before, nowMs)) return;
  const shorter = (was: number | null, is: number | null) =>
    (is ?? Number.POSITIVE_INFINITY) < (was ?? Number.POSITIVE_INFINITY);
  const isShorter =
    shorter(before.validForMs, after.validForMs) ||
    shorter(before.validUntilMs, after.validUntilMs);
  if (!isShorter) return;
  throw fixed(
    `the first window of event ${before.id} has begun: its coupons can be valid for longer, not for less long`,
  );
}

/** Servers that have not followed yet would tell members of the former tiers: so none may issue. */
function requireKeptTiers(
  event: EventDefinition,
  tiers: readonly CouponTier[],
  issued: number,
  nowMs: number,
): void {
  if (!hasBegun(event, nowMs)) return;
  const near = event.windows.some(
    ({ opensAtMs, closesAtMs }) =>
      opensAtMs < nowMs + FOLLOW_LIMIT_MS && nowMs < closesAtMs + FOLLOW_LIMIT_MS,
  );
  if (near) {
    throw fixed(
      `a window of event ${event.id} is open, or was or will be within ${FOLLOW_LIMIT_MS / 1_000} s: tiers can be changed between windows`,
    );
  }
  const changed = [...event.coupons, ...tiers]
    .map((tier) => tier.firstRank)
    .sort((one, other) => one - other)
    .find((rank) => rank <= issued && !sameCoupon(event.coupons, tiers, rank));
  if (changed === undefined) return;
  throw fixed(
    `event ${event.id} has issued ranks up to ${issued}: the tier of rank ${changed} stays as it is`,
  );
}

function sameCoupon(
  before: readonly CouponTier[],
  after: readonly CouponTier[],
  rank: number,
): boolean {
  const [was, is] = [couponForRank(before, rank), couponForRank(after, rank)];
  return was.kind === is.kind && was.value === is.value;
}

async function replaceTiers(
  transaction: Queryable,
  eventId: string,
  tiers: readonly CouponTier[],
): Promise<void> {
  await transaction.delete(coupons).where(eq(coupons.eventId, eventId));
  await transaction.insert(coupons).values(tiers.map((tier) => ({ ...tier, eventId })));
}

function fixed(message: string): EventError {
  return new EventError("setting_fixed", message);
}
