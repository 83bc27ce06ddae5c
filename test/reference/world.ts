/** The application in states from which every documented answer can be got. */
import { z } from "zod";
import { RedisConnection } from "../../src/server/claims/redis/connection.ts";
import { RedisEngine } from "../../src/server/claims/redis/redis-engine.ts";
import type { Database } from "../../src/server/database.ts";
import { becomeDecider, redisDataset } from "../../src/server/decider.ts";
import { changeCatalogue } from "../../src/server/events/change.ts";
import { createMember } from "../../src/server/members/accounts.ts";
import { changeMember } from "../../src/server/members/administration.ts";
import type { Role } from "../../src/server/members/tokens.ts";
import { openApp } from "../support/app.ts";
import { startRedis } from "../support/redis.ts";

export type App = Awaited<ReturnType<typeof openApp>>;

export const PASSWORD = "correct horse battery";
/** An administrator without an account here. */
export const ADMINISTRATOR = "root";
/** The member who has the first coupon of the event `open`, without an account here. */
export const MEMBER = "alice";
/** No event has issued it. */
export const UNKNOWN_CODE = "AAAA-AAAA-AAAA-AAAA";
/** Those who have the next ones. */
const OTHER_MEMBERS = ["bob", "carol"];
const HOUR_MS = 3_600_000;
/** Events that have issued nothing; `spare` has a window that is far off. */
const OTHER_EVENTS = ["spare", "unused", "closing"];

/** An event `open` with a few coupons issued, other events beside it, and some accounts. */
export interface World {
  readonly at: App;
  /** The code of MEMBER's coupon. */
  readonly code: string;
  /** An account that is active, with its e-mail and PASSWORD. */
  readonly kim: { readonly memberId: string; readonly email: string };
  /** Accounts that are switched off. */
  readonly offMemberId: string;
  readonly offAdminId: string;
  /** A window of the event `spare` that is far off. */
  readonly farWindowId: number;
  /** A world whose engine cannot be reached. */
  readonly withoutEngine: () => Promise<World>;
  /** What is answered on Redis, on a coupon that nobody brings to the ledger: after a second each. */
  readonly withoutWriter: () => Promise<{ readonly redeem: Response; readonly revoke: Response }>;
  /** A world whose clock fails, as nothing else of ours would fail at will. */
  readonly withBrokenClock: () => Promise<World>;
  close(): Promise<void>;
}

/** What is sent, and by whom. */
export interface Call {
  /** The method and the path. */
  readonly call: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Caller {
  readonly as: string;
  readonly role?: Role;
}

/** Gets one answer. */
export type Sample = (world: World) => Promise<Response>;

/** Sends the call: text as it is, anything else as JSON. */
export async function send(at: App, { call, body, headers }: Call, by?: Caller): Promise<Response> {
  const [method = "", path = ""] = call.split(" ");
  return await at.app.request(path, {
    method,
    headers: { ...(by === undefined ? {} : at.bearer(by.as, by.role)), ...headers },
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
}

/** The same as an administrator. */
export async function sendAsAdmin(
  at: App,
  call: string,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  return await send(at, { call, body, headers }, { as: ADMINISTRATOR, role: "admin" });
}

const issuedSchema = z.object({ code: z.string() });
const windowsSchema = z.object({ windows: z.array(z.object({ id: z.number() })) });

/** Opens a world; the broken ones beside it are opened when first wanted. */
export async function openWorld(at?: App): Promise<World> {
  const app = at ?? (await openApp());
  const { database } = app;
  await app.openEvent("open", [0], 1_000);
  // A Redis has a clock of its own, by which the event is long over.
  const code = app.engine.kind === "redis" ? UNKNOWN_CODE : await codeOf(app, "open", MEMBER);
  for (const member of OTHER_MEMBERS) await app.claim("open", member);
  for (const id of OTHER_EVENTS) await sendAsAdmin(app, "POST /v1/admin/events", { id, name: id });
  const windows = await sendAsAdmin(app, "POST /v1/admin/events/spare/windows", {
    windows: [{ opensAt: "2099-12-01T10:00" }],
  });
  await sendAsAdmin(app, "POST /v1/admin/events", { id: "brought", name: "brought", stock: 2 });
  const kim = await createAccount(database, "kim");
  const off = await createAccount(database, "off");
  const offAdmin = await createAccount(database, "off-admin", "admin");
  for (const { memberId } of [off, offAdmin]) {
    await changeMember(database, memberId, { active: false }, "program");
  }
  await app.catalogue.refresh();
  const broken: World[] = [];
  return {
    at: app,
    code,
    kim,
    offMemberId: off.memberId,
    offAdminId: offAdmin.memberId,
    farWindowId: windowsSchema.parse(await windows.json()).windows[0]?.id ?? 0,
    withoutWriter: once(askWithoutWriter),
    withoutEngine: once(async () => keep(broken, await openWithoutEngine())),
    withBrokenClock: once(async () => {
      const world = keep(broken, await openWorld());
      world.at.breakClock();
      return world;
    }),
    close: async () => {
      await app.catalogue.close();
      for (const world of broken) await world.close();
    },
  };
}

/** Claims, and returns the coupon's code. @throws when there was none */
export async function codeOf(app: App, eventId: string, memberId: string): Promise<string> {
  return issuedSchema.parse(await (await app.claim(eventId, memberId)).json()).code;
}

async function createAccount(database: Database, name: string, role: Role = "member") {
  const email = `${name}@example.test`;
  const account = { email, password: PASSWORD, role };
  const { memberId } = await createMember(database, account, "program");
  return { memberId, email };
}

/** One on a Redis that decides, to which the connection is then lost. */
async function openWithoutEngine(): Promise<World> {
  const { at, connection } = await openOnRedis();
  await becomeDecider(at.database, await redisDataset(connection.client), false);
  const world = await openWorld(at);
  connection.close();
  return world;
}

async function askWithoutWriter() {
  const { at } = await openOnRedis();
  await at.openEvent("open", []);
  // Redis judges windows by its own clock.
  const opensAtMs = Date.now() - HOUR_MS;
  await changeCatalogue(at.database, async (transaction, revision) => {
    await transaction.run(
      `INSERT INTO windows (event_id, opens_at, closes_at) VALUES ('open', ${opensAtMs}, ${opensAtMs + 2 * HOUR_MS})`,
    );
    await transaction.run(`UPDATE events SET revision = ${revision} WHERE id = 'open'`);
  });
  await at.catalogue.refresh();
  const code = await codeOf(at, "open", MEMBER);
  const [redeem, revoke] = await Promise.all([
    sendAsAdmin(at, `POST /v1/coupons/${code}/redeem`, undefined, { "idempotency-key": "late" }),
    sendAsAdmin(at, "POST /v1/admin/events/open/revocations", { code, reason: "late" }),
  ]);
  return { redeem, revoke };
}

async function openOnRedis() {
  const redis = await startRedis({ persistence: "none" });
  const connection = await RedisConnection.open(redis.url, () => undefined);
  const at = await openApp({
    createEngine: (database) => Promise.resolve(new RedisEngine(connection, database)),
  });
  return { at, connection };
}

function keep(worlds: World[], world: World): World {
  worlds.push(world);
  return world;
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
