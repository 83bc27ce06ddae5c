/** Looks at the Redis that would decide claims. It writes nothing there. */
import { Redis } from "ioredis";
import { type Finding, fail, ok, warn } from "./finding.ts";

const TIMEOUT_MS = 3_000;
const CLOCK_SAMPLES = 5;
/** Tokens' expiry is judged by this machine, windows by Redis: more apart than this, people notice. */
const MAX_SKEW_MS = 500;
/** A round trip is a part of every answer. */
const MAX_ROUND_TRIP_MS = 5;
/** What a winner takes in Redis: 9.5 MB for 100,000 were measured. */
const BYTES_PER_COUPON = 100;
const BYTES_PER_MB = 1_000_000;

/** Everything the doctor wants to know of a Redis. */
interface RedisFacts {
  readonly info: ReadonlyMap<string, string>;
  /** Undefined where CONFIG is forbidden, as hosted ones do. */
  readonly appendfsync: string | undefined;
  readonly skewMs: number;
  readonly roundTripMs: number;
}

/**
 * Version, role, persistence, eviction, memory and clock of the Redis.
 *
 * @param coupons how many it must have room for
 */
export async function checkRedis(url: string, coupons: number): Promise<Finding[]> {
  const place = new URL(url).host;
  let facts: RedisFacts;
  try {
    facts = await askRedis(url);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return [fail("redis", `${place} does not answer (${why})`, "check --redis, and that it runs")];
  }
  return [
    checkVersion(facts, place),
    checkRole(facts),
    checkPersistence(facts),
    checkEviction(facts),
    checkMemory(facts, coupons),
    checkClock(facts),
  ];
}

async function askRedis(url: string): Promise<RedisFacts> {
  const client = new Redis(url, {
    lazyConnect: true,
    connectTimeout: TIMEOUT_MS,
    commandTimeout: TIMEOUT_MS,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  // ioredis tells only here why it could not connect.
  let reason: Error | undefined;
  client.on("error", (error) => {
    reason = error;
  });
  try {
    await client.connect();
    const info = new Map(
      [...(await client.info()).matchAll(/^(\w+):(.*?)\r?$/gm)].map(
        ([, name = "", value = ""]) => [name, value] as const,
      ),
    );
    const [, appendfsync] = await askSetting(client, "appendfsync");
    return { info, appendfsync, ...(await readClock(client)) };
  } catch (error) {
    throw reason ?? error;
  } finally {
    client.disconnect();
  }
}

async function askSetting(client: Redis, name: string): Promise<string[]> {
  try {
    const answer: unknown = await client.config("GET", name);
    return Array.isArray(answer) ? answer.map(String) : [];
  } catch {
    return [];
  }
}

/** The quickest of some questions says most about the clock: it was on its way for the least time. */
async function readClock(client: Redis): Promise<{ skewMs: number; roundTripMs: number }> {
  let best = { skewMs: 0, roundTripMs: Number.POSITIVE_INFINITY };
  for (let sample = 0; sample < CLOCK_SAMPLES; sample++) {
    const askedAtMs = Date.now();
    const startedMs = performance.now();
    const [seconds, microseconds] = await client.time();
    const roundTripMs = performance.now() - startedMs;
    const redisMs = Number(seconds) * 1_000 + Number(microseconds) / 1_000;
    if (roundTripMs < best.roundTripMs) {
      best = { skewMs: redisMs - (askedAtMs + roundTripMs / 2), roundTripMs };
    }
  }
  return best;
}

function checkVersion({ info }: RedisFacts, place: string): Finding {
  const version = info.get("redis_version") ?? "";
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const isOld = major < 6 || (major === 6 && minor < 2);
  return isOld
    ? fail("redis version", `${version} at ${place}`, "6.2 or newer is needed")
    : ok("redis version", `${version} at ${place}`);
}

function checkRole({ info }: RedisFacts): Finding {
  return info.get("role") === "master"
    ? ok("redis role", "master")
    : fail("redis role", "it is a replica, which decides nothing", "name the master");
}

function checkPersistence({ info, appendfsync }: RedisFacts): Finding {
  const check = "redis persistence";
  if (info.get("aof_enabled") !== "1") {
    const says = "appendonly is off: a restart of Redis forgets what the ledger does not hold yet";
    return warn(check, says, "set appendonly yes and appendfsync always");
  }
  if (info.get("aof_last_write_status") !== "ok") {
    return fail(check, "its last write to the append-only file failed", "look at its disk and log");
  }
  if (appendfsync === undefined) {
    const says =
      "appendonly is on, but CONFIG is forbidden: nobody can say how often it is flushed";
    return warn(check, says, "ask whoever runs it for appendfsync always");
  }
  if (appendfsync === "always") return ok(check, "every answered coupon is on its disk");
  const lost = appendfsync === "everysec" ? "about the last second" : "whatever is not flushed";
  return warn(
    check,
    `appendfsync is ${appendfsync}: its crash loses ${lost}`,
    "set appendfsync always",
  );
}

function checkEviction({ info }: RedisFacts): Finding {
  const policy = info.get("maxmemory_policy") ?? "unknown";
  if (policy === "noeviction") return ok("redis eviction", policy);
  if (Number(info.get("maxmemory")) === 0) {
    return ok("redis eviction", `${policy}, which does nothing without a maxmemory`);
  }
  return fail(
    "redis eviction",
    `maxmemory-policy is ${policy}: full, it forgets who has a coupon`,
    "set maxmemory-policy noeviction",
  );
}

function checkMemory({ info }: RedisFacts, coupons: number): Finding {
  const limit = Number(info.get("maxmemory")) || Number(info.get("total_system_memory"));
  const used = Number(info.get("used_memory"));
  const free = limit - used;
  const says = `${megabytes(used)} used of ${megabytes(limit)}`;
  const needed = coupons * BYTES_PER_COUPON;
  return free < needed
    ? warn("redis memory", says, `${coupons} coupons need ${megabytes(needed)}: raise maxmemory`)
    : ok("redis memory", says);
}

function checkClock({ skewMs, roundTripMs }: RedisFacts): Finding {
  const direction = skewMs < 0 ? "behind" : "ahead of";
  const says = `${Math.abs(skewMs).toFixed(1)} ms ${direction} this machine's, ${roundTripMs.toFixed(2)} ms away`;
  if (Math.abs(skewMs) > MAX_SKEW_MS) {
    return warn("redis clock", says, "windows open by Redis's clock: run NTP on both machines");
  }
  return roundTripMs > MAX_ROUND_TRIP_MS
    ? warn("redis clock", says, "every answer waits for a round trip: put Redis nearer")
    : ok("redis clock", says);
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / BYTES_PER_MB)} MB`;
}
