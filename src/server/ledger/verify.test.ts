import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { runProgram } from "../../../test/support/program.ts";
import { startRedis, type TestRedis } from "../../../test/support/redis.ts";
import { temporaryDirectory } from "../../../test/support/temp.ts";
import { codeForRank } from "../claims/code.ts";
import { RedisConnection } from "../claims/redis/connection.ts";
import { eventKeys } from "../claims/redis/keys.ts";
import { RedisEngine } from "../claims/redis/redis-engine.ts";
import { type Database, openDatabase } from "../database.ts";
import { addWindows, createEvent, findEvent } from "../events/administration.ts";
import type { EventDefinition } from "../events/event.ts";
import { encodeRows, insertMissing } from "./insert.ts";
import { appendToOutbox, moveToLedger } from "./outbox.ts";
import { verifyEvent } from "./verify.ts";

const STOCK = 20;

interface Ledger {
  readonly path: string;
  readonly database: Database;
  readonly event: EventDefinition;
}

/** A ledger as a right giveaway of `issued` coupons leaves it. */
async function rightLedger(issued: number): Promise<Ledger> {
  const path = join(temporaryDirectory().path, "ledger.db");
  const database = await openDatabase(path);
  const { id } = await createEvent(database, { name: "verify", id: "verify", stock: STOCK });
  await addWindows(database, id, [{ opensAtMs: Date.now() }], { nowMs: Date.now() - 1_000 });
  const event = await findEvent(database, id);
  if (event === undefined) throw new Error("the event is gone");
  const ranks = Array.from({ length: issued }, (_, index) => index + 1);
  await insertMissing(
    database.client,
    ranks.map((rank) => row(event, rank)),
  );
  return { path, database, event };
}

function row(event: EventDefinition, rank: number, memberId = `m${rank}`) {
  const [window] = event.windows;
  if (window === undefined) throw new Error("the event has no window");
  return {
    eventId: event.id,
    rank,
    memberId,
    code: codeForRank(event, rank),
    windowId: window.id,
    issuedAtMs: window.opensAtMs,
  };
}

/** The faults, each planted into a right ledger, and the checks that must find them. */
const faults: readonly {
  readonly name: string;
  readonly plant: (ledger: Ledger) => Promise<unknown>;
  readonly found: readonly string[];
}[] = [
  {
    name: "one coupon too many",
    plant: ({ database, event }) => insertMissing(database.client, [row(event, STOCK + 1)]),
    found: ["stock"],
  },
  {
    name: "a member with two coupons",
    plant: async ({ database }) => {
      await database.client.execute("DROP INDEX issuances_event_user");
      await database.client.execute("UPDATE issuances SET user_id = 'm1' WHERE rank = 2");
    },
    found: ["one-per-member"],
  },
  {
    name: "a gap in the ranks",
    plant: ({ database }) => database.client.execute("DELETE FROM issuances WHERE rank = 7"),
    found: ["dense-ranks"],
  },
  {
    name: "one rank given twice",
    plant: async ({ database }) => {
      await database.client.execute("DROP INDEX issuances_event_rank");
      await database.client.execute("UPDATE issuances SET rank = 4 WHERE rank = 5");
    },
    found: ["dense-ranks", "true-codes"],
  },
  {
    name: "an issuance at the very moment its window closes",
    plant: ({ database, event }) =>
      database.client.execute({
        sql: "UPDATE issuances SET issued_at = ? WHERE rank = 9",
        args: [event.windows[0]?.closesAtMs ?? 0],
      }),
    found: ["in-window"],
  },
  {
    name: "an issuance a millisecond before its window opens",
    plant: ({ database }) =>
      database.client.execute("UPDATE issuances SET issued_at = issued_at - 1 WHERE rank = 9"),
    found: ["in-window"],
  },
  {
    name: "an issuance in a window of nobody",
    plant: ({ database }) =>
      database.client.execute("UPDATE issuances SET window_id = 999 WHERE rank = 9"),
    found: ["in-window"],
  },
  {
    name: "more in a window than its quota",
    plant: ({ database }) => database.client.execute(`UPDATE windows SET quota = ${STOCK - 1}`),
    found: ["quota"],
  },
  {
    name: "a coupon that was issued and never came to the ledger",
    plant: ({ database, event }) =>
      appendToOutbox(database, encodeRows([row(event, STOCK + 1)]), []),
    found: ["outbox-empty"],
  },
  {
    name: "a coupon that was issued and that the ledger refuses, since its member has another",
    plant: async ({ database, event }) => {
      const { memberId } = row(event, 1);
      const second = { ...row(event, STOCK + 1), memberId };
      await appendToOutbox(database, encodeRows([second]), []);
      await moveToLedger(database);
    },
    found: ["outbox-accepted"],
  },
  {
    name: "a wrong code",
    plant: ({ database }) =>
      database.client.execute("UPDATE issuances SET code = 'AAAA-AAAA-AAAA-AAAA' WHERE rank = 3"),
    found: ["true-codes"],
  },
  {
    name: "two members with one code",
    plant: async ({ database }) => {
      await database.client.execute("DROP INDEX issuances_code");
      await database.client.execute(
        "UPDATE issuances SET code = (SELECT code FROM issuances WHERE rank = 1) WHERE rank = 2",
      );
    },
    found: ["unique-codes", "true-codes"],
  },
];

describe("verify on the ledger", () => {
  test("a right giveaway passes, whole or in part or not begun", async () => {
    for (const issued of [0, 5, STOCK]) {
      const { database, event } = await rightLedger(issued);
      expect(await verifyEvent(database, event)).toMatchObject({ ok: true, issued });
    }
  });

  for (const { name, plant, found } of faults) {
    test(`finds ${name}`, async () => {
      const ledger = await rightLedger(STOCK);
      await plant(ledger);
      const event = await findEvent(ledger.database, ledger.event.id);
      const { ok, checks } = await verifyEvent(ledger.database, event ?? ledger.event);
      const failed = checks.filter((check) => !check.ok);
      expect(failed.map((check) => check.id)).toEqual([...found]);
      for (const check of failed) expect(check.counterExamples.length).toBeGreaterThan(0);
      expect(ok).toBe(false);
    });
  }

  test("the command says it in lines and in its exit code", async () => {
    const { path, database } = await rightLedger(STOCK);
    const right = await runProgram(["verify", "verify", "--db", path]);
    expect(right).toMatchObject({ exitCode: 0, stderr: "" });
    expect(right.stdout).toContain("verified: all 9 checks passed");
    await database.client.execute("DELETE FROM issuances WHERE rank = 7");
    const wrong = await runProgram(["verify", "verify", "--db", path]);
    expect(wrong.exitCode).toBe(4);
    expect(wrong.stdout).toContain(
      "FAIL dense-ranks: gaps or repeats in the ranks (1)\n       rank 8 follows rank 6",
    );
    const json = await runProgram(["verify", "verify", "--db", path, "--json"]);
    expect(JSON.parse(json.stdout)).toMatchObject({ ok: false, issued: STOCK - 1 });
    const unknown = await runProgram(["verify", "nothing", "--db", path]);
    expect(unknown).toMatchObject({ exitCode: 2, stdout: "" });
    expect(unknown.stderr).toContain("there is no event with the id nothing");
  });
});

describe("verify on Redis", () => {
  let redis: TestRedis;
  let connection: RedisConnection;
  beforeAll(async () => {
    redis = await startRedis({ persistence: "none" });
    connection = await RedisConnection.open(redis.url, () => undefined);
  });
  afterAll(async () => {
    connection.close();
    await redis.stop();
  });

  /** The same giveaway in Redis, as its restoration from the ledger leaves it. */
  async function inRedis() {
    await connection.client.flushall();
    const ledger = await rightLedger(STOCK);
    await new RedisEngine(connection, ledger.database).prepare(ledger.event);
    return { ...ledger, keys: eventKeys(ledger.event.id), client: connection.client };
  }

  type InRedis = Awaited<ReturnType<typeof inRedis>>;
  const redisFaults: readonly {
    readonly name: string;
    readonly plant: (at: InRedis) => Promise<unknown>;
    readonly found: readonly string[];
  }[] = [
    {
      name: "a member in Redis who is missing in SQL",
      plant: ({ database }) =>
        database.client.execute(`DELETE FROM issuances WHERE rank = ${STOCK}`),
      found: ["redis-in-ledger"],
    },
    {
      name: "a member in SQL who is missing in Redis",
      plant: ({ client, keys }) => client.hdel(keys.members, "m3"),
      found: ["ledger-in-redis", "redis-count"],
    },
    {
      name: "a member with another rank",
      plant: ({ client, keys }) => client.hset(keys.members, "m3", "4:1:1"),
      found: ["same-grants"],
    },
    {
      name: "a wrong count",
      plant: ({ client, keys }) => client.hincrby(keys.state, "issued", 1),
      found: ["redis-count"],
    },
    {
      name: "entries that no writer brought to the ledger",
      plant: ({ client, keys }) => client.xadd(keys.stream, "*", "m", "[]"),
      found: ["drained"],
    },
    {
      name: "entries that the ledger refused",
      plant: ({ client, keys }) => client.xadd(keys.contradictions, "*", "m", "[]"),
      found: ["no-contradiction"],
    },
  ];

  test("a right giveaway passes", async () => {
    const { database, event, client } = await inRedis();
    expect((await verifyEvent(database, event, client)).ok).toBe(true);
  });

  for (const { name, plant, found } of redisFaults) {
    test(`finds ${name}`, async () => {
      const at = await inRedis();
      await plant(at);
      const { checks } = await verifyEvent(at.database, at.event, at.client);
      expect(checks.filter((check) => !check.ok).map((check) => check.id)).toEqual([...found]);
    });
  }
});
