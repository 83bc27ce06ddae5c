/** Waits for what a run depends on: that the server knows the event, that the ledger has drained. */
import { z } from "zod";
import { CliError, EXIT } from "../exit-codes.ts";
import { eventKeys } from "../server/claims/redis/keys.ts";
import { seedMemberId } from "../server/members/seed.ts";
import { createTokenKeys, signTokenSync } from "../server/members/tokens.ts";
import { askServer, refusedToken } from "./server-request.ts";
import type { Stage } from "./stage.ts";

const POLL_INTERVAL_MS = 100;
/** A server follows the database within a second. */
const KNOWN_TIMEOUT_MS = 10_000;
export const DRAIN_TIMEOUT_MS = 60_000;
/** A server that has not answered for this long while the ledger is waited for is gone. */
const SILENCE_TIMEOUT_MS = 3_000;
const REQUEST_TIMEOUT_MS = 5_000;
/** How long a server's count of issued coupons may lag behind the engine's. */
const COUNT_AGE_MS = 500;

const NO_ANSWER = "does not answer";

const windowSchema = z.looseObject({}).nullable();
const eventSchema = z.object({
  state: z.string(),
  issued: z.int(),
  currentWindow: windowSchema,
  nextWindow: windowSchema,
});

/**
 * Waits until the server answers for the event; one that the run has made must be open too.
 *
 * @throws CliError when it does not in time, or has a certificate that is not trusted
 */
export async function awaitEvent(stage: Stage, mustBeOpen: boolean): Promise<void> {
  let seen = NO_ANSWER;
  const known = await poll(KNOWN_TIMEOUT_MS, async () => {
    const event = await askForEvent(stage);
    seen = typeof event === "string" ? event : `says the event is ${event.state}`;
    return typeof event !== "string" && (!mustBeOpen || event.state === "open");
  });
  if (!known) {
    throw new CliError(
      `the server at ${stage.url.origin} ${seen}: is --url right, and does it use the database that --db names?`,
      EXIT.failed,
    );
  }
}

/**
 * Asks as a member of the run would, before the load is made.
 *
 * @param lifetimeSeconds of the members' tokens
 * @throws CliError when the server refuses the token
 */
export async function requireGoodTokens(
  { url, event, tokens }: Stage,
  lifetimeSeconds: number,
): Promise<void> {
  const member = { memberId: seedMemberId(1), role: "member", lifetimeSeconds } as const;
  const token = signTokenSync(createTokenKeys(tokens), member);
  const path = `/v1/events/${encodeURIComponent(event.id)}/claims/me`;
  const headers = { authorization: `Bearer ${token}` };
  const response = await askServer(new URL(path, url), REQUEST_TIMEOUT_MS, headers);
  if (response?.status === 401) throw refusedToken(url);
}

/**
 * Waits until the server knows of a window that has just been planned.
 *
 * @throws CliError when it does not in time
 */
export async function awaitWindow(stage: Stage, timeoutMs: number): Promise<void> {
  const known = await poll(timeoutMs, async () => {
    const event = await askForEvent(stage);
    return typeof event !== "string" && (event.nextWindow ?? event.currentWindow) !== null;
  });
  if (!known) {
    throw new CliError(
      `the server at ${stage.url.origin} does not follow its database`,
      EXIT.failed,
    );
  }
}

/** How the server and its ledger were found when the waiting for them ended. */
export interface Drain {
  /** All that was decided is in the ledger. */
  readonly isDrained: boolean;
  readonly serverAnswers: boolean;
  /** False where the ledger was to be read from a server that does not answer. */
  readonly isReadable: boolean;
}

/**
 * Waits until the ledger holds all that the engine has decided, or for as long as that may take; and
 * not for a server that is gone.
 */
export async function awaitDrained(
  stage: Stage,
  timeoutMs: number = DRAIN_TIMEOUT_MS,
): Promise<Drain> {
  let heardAtMs = performance.now();
  let equalSinceMs = Number.POSITIVE_INFINITY;
  let isSilent = false;
  const isOver = await poll(timeoutMs, async () => {
    const told = await askForEvent(stage);
    const nowMs = performance.now();
    if (told !== NO_ANSWER) heardAtMs = nowMs;
    isSilent = nowMs - heardAtMs >= SILENCE_TIMEOUT_MS;
    const isDrained = typeof told !== "string" && (await isLevel(stage, told.issued));
    equalSinceMs = isDrained ? Math.min(equalSinceMs, nowMs) : Number.POSITIVE_INFINITY;
    return isSilent || nowMs - equalSinceMs >= COUNT_AGE_MS;
  });
  if (!isSilent) return { isDrained: isOver, serverAnswers: true, isReadable: true };
  return { ...(await askWithoutServer(stage)), serverAnswers: false };
}

/** Whether the ledger holds as many coupons as the engine has issued. */
async function isLevel({ redis, records, event }: Stage, issued: number): Promise<boolean> {
  if (redis !== undefined && (await redis.xlen(eventKeys(event.id).stream)) > 0) return false;
  return issued === (await records.countIssued());
}

/** Nothing is on its way where neither the outbox nor Redis's stream holds anything. */
async function askWithoutServer({
  redis,
  records,
  event,
  engine,
}: Stage): Promise<Pick<Drain, "isDrained" | "isReadable">> {
  const inOutbox = await records.countWaiting();
  if (inOutbox === undefined) return { isDrained: false, isReadable: false };
  const inStream = redis === undefined ? undefined : await redis.xlen(eventKeys(event.id).stream);
  // Of a Redis that was not named nobody knows what waits in it.
  const isDrained = inOutbox === 0 && (engine === "embedded" || inStream === 0);
  return { isDrained, isReadable: true };
}

/** The event as the server describes it, or what is wrong, as the end of a sentence. */
async function askForEvent({ url, event }: Stage): Promise<z.infer<typeof eventSchema> | string> {
  const path = `/v1/events/${encodeURIComponent(event.id)}`;
  const response = await askServer(new URL(path, url), REQUEST_TIMEOUT_MS);
  if (response === undefined) return NO_ANSWER;
  if (response.status === 404) return `does not know the event ${event.id}`;
  const parsed = eventSchema.safeParse(await response.json().catch(() => undefined));
  return parsed.success ? parsed.data : `answers ${response.status}, not as couponlive does`;
}

async function poll(timeoutMs: number, isDone: () => Promise<boolean>): Promise<boolean> {
  const deadlineMs = performance.now() + timeoutMs;
  for (;;) {
    if (await isDone()) return true;
    if (performance.now() >= deadlineMs) return false;
    await Bun.sleep(POLL_INTERVAL_MS);
  }
}
