/** What one web process can answer: nothing but HTTP, and whole claims. The generator is the simulator's. */
import type { TokenConfig } from "../config.ts";
import { Fleet } from "../sim/fleet.ts";
import type { ClaimServerReply, ClaimServerRequest } from "./claim-server.ts";

/** More than any machine answers, so that the answers that come are the ceiling. */
const RATE_PER_SECOND = 100_000;
const CONNECTIONS = 128;
const MEMBERS = 20_000;
/** Of a run, what is counted: before that, engines are still compiling what they run. */
const COUNTED_FROM = 0.5;
const TOKEN_LIFETIME_SECONDS = 3_600;
const REPLY_TIMEOUT_MS = 20_000;

/** The doctor's own secret: no token of it is good for any other server. */
const TOKENS: TokenConfig = {
  secret: crypto.randomUUID(),
  previousSecret: undefined,
  issuer: "doctor",
  audience: "doctor",
};

/** Requests a second that Hono answers on one thread with the same bytes, in the middle of a rush. */
export async function measureHttp(durationMs: number): Promise<number> {
  const server = new Worker(new URL("./constant-server.ts", import.meta.url));
  try {
    return await load(await nextMessage<string>(server), "doctor", durationMs);
  } finally {
    server.terminate();
  }
}

/**
 * Claims a second that one web process answers: token, combiner, embedded engine, disk and all.
 *
 * @param db a database with the event, which nobody else has open
 */
export async function measureClaims(
  db: string,
  eventId: string,
  durationMs: number,
): Promise<number> {
  const server = new Worker(new URL("./claim-server.ts", import.meta.url));
  const ask = async (request: ClaimServerRequest): Promise<ClaimServerReply> => {
    const reply = nextMessage<ClaimServerReply>(server);
    server.postMessage(request);
    return await reply;
  };
  try {
    const database = { db, dbToken: undefined };
    const started = await ask({ kind: "start", database, tokens: TOKENS });
    if (started.kind !== "listening")
      throw new Error(`no server came up: ${JSON.stringify(started)}`);
    const claimsPerSecond = await load(started.url, eventId, durationMs);
    await ask({ kind: "stop" });
    return claimsPerSecond;
  } finally {
    server.terminate();
  }
}

/** @throws Error when the thread fails or stays silent */
async function nextMessage<Message>(thread: Worker): Promise<Message> {
  const { promise, resolve, reject } = Promise.withResolvers<Message>();
  thread.onmessage = (message: MessageEvent<Message>) => resolve(message.data);
  thread.onerror = (event) => reject(new Error(event.message));
  const timer = setTimeout(() => reject(new Error("a thread is silent")), REPLY_TIMEOUT_MS);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
  }
}

/** Answers a second to more claims than can be answered. @throws Error when others come than coupons */
async function load(url: string, eventId: string, durationMs: number): Promise<number> {
  const fleet = new Fleet(
    {
      url: new URL(url),
      eventId,
      shape: { kind: "constant", ratePerSecond: RATE_PER_SECOND },
      durationMs,
      graceMs: 0,
      users: MEMBERS,
      seed: 1,
      workers: 1,
      connections: CONNECTIONS,
      tokens: TOKENS,
      tokenLifetimeSeconds: TOKEN_LIFETIME_SECONDS,
    },
    () => undefined,
  );
  try {
    await fleet.prepare();
    const { series, tally } = await fleet.run();
    const { issued, alreadyIssued, ...others } = tally.outcomes;
    if (issued + alreadyIssued === 0) throw new Error(`no coupon came: ${JSON.stringify(others)}`);
    const fromMs = durationMs * COUNTED_FROM;
    const counted = series.filter(({ atMs }) => fromMs <= atMs && atMs < durationMs);
    const answers = counted.reduce(
      (sum, { outcomes }) => sum + outcomes.issued + outcomes.alreadyIssued,
      0,
    );
    return Math.round((answers * 1_000) / (durationMs - fromMs));
  } finally {
    fleet.close();
  }
}
