import { beforeEach, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { temporaryDirectory } from "../../../test/support/temp.ts";
import type { ClaimDecision } from "../claims/engine.ts";
import { type Database, openDatabase } from "../database.ts";
import { DEFAULT_RECORDER_LIMITS, type RecorderLimits, RefusalRecorder } from "./recorder.ts";
import type { Refusal } from "./refusal.ts";
import { RefusalThread } from "./refusal-thread.ts";
import { countUnkept, encodeRefusals, mergeRefusals, readRefusal } from "./store.ts";

let db: string;
let database: Database;
let quiet: boolean;
let failures: unknown[];

beforeEach(async () => {
  db = join(temporaryDirectory().path, "ledger.db");
  database = await openDatabase(db);
  quiet = true;
  failures = [];
});

/** A recorder with its thread; `close` writes all that it holds. */
function recorderOf(change: Partial<RecorderLimits> = {}) {
  const thread = new RefusalThread({ db, dbToken: undefined });
  let asked = 0;
  const recorder = new RefusalRecorder({
    write: (some) => thread.write(some),
    isQuiet: () => {
      asked++;
      return quiet;
    },
    nowMs: Date.now,
    onFailure: (error) => failures.push(error),
    limits: { ...DEFAULT_RECORDER_LIMITS, pauseMs: 1, quietMs: 0, ...change },
  });
  return {
    recorder,
    timesAsked: () => asked,
    close: async () => {
      await recorder.close();
      await thread.close();
    },
  };
}

function refused(decidedAtMs: number, outcome: "sold_out" | "paused" = "sold_out"): ClaimDecision {
  return { outcome, decidedAtMs };
}

const issued: ClaimDecision = {
  outcome: "issued",
  grant: { rank: 1, windowId: 1, issuedAtMs: 1 },
};

function times(memberId: string, eventId = "launch") {
  return readRefusal(database.orm, eventId, memberId).then((refusal) => refusal?.times);
}

describe("refusals", () => {
  test("the first and the last of each member are kept, of each event; grants are not", async () => {
    const { recorder, close } = recorderOf();
    recorder.take("launch", ["kim", "lee", "kim"], [refused(5), issued, refused(6)]);
    recorder.take("launch", ["kim"], [refused(9, "paused")]);
    recorder.take("other", ["kim"], [refused(7)]);
    await close();
    expect(await readRefusal(database.orm, "launch", "kim")).toEqual({
      eventId: "launch",
      memberId: "kim",
      firstOutcome: "sold_out",
      firstAtMs: 5,
      lastOutcome: "paused",
      lastAtMs: 9,
      times: 3,
    });
    expect(await times("lee")).toBeUndefined();
    expect(await times("kim", "other")).toBe(1);
    expect(await countUnkept(database.orm, "launch")).toBe(0);
    expect(failures).toEqual([]);
  });

  test("are looked through only while no claim waits, and then without being asked", async () => {
    const { recorder, timesAsked, close } = recorderOf();
    quiet = false;
    recorder.take("launch", ["kim"], [refused(5)]);
    while (timesAsked() < 3) await Bun.sleep(1);
    expect(await times("kim")).toBeUndefined();
    quiet = true;
    while ((await times("kim")) === undefined) await Bun.sleep(1);
    await close();
  });

  test("are looked through a little also while claims wait, rather than dropped", async () => {
    const { recorder, timesAsked, close } = recorderOf({ maxHeldDecisions: 4 });
    quiet = false;
    for (const number of [1, 2, 3]) {
      recorder.take("launch", ["a", "b", `c${number}`], [issued, issued, refused(number)]);
      const asked = timesAsked();
      while (timesAsked() < asked + 2) await Bun.sleep(1);
    }
    await close();
    expect(await countUnkept(database.orm, "launch")).toBe(0);
    expect([await times("c1"), await times("c2"), await times("c3")]).toEqual([1, 1, 1]);
  });

  test("what does not fit is dropped, and counted", async () => {
    const { recorder, close } = recorderOf({ maxHeldDecisions: 4, maxHeldMembers: 2 });
    quiet = false;
    recorder.take("launch", ["a", "b", "c"], [refused(1), refused(1), refused(1)]);
    // One decision more than the bound allows: the batch is not looked at, whoever is in it.
    recorder.take("launch", ["d", "e"], [refused(2), issued]);
    recorder.take("launch", ["a"], [refused(3)]);
    await close();
    expect([await times("a"), await times("b")]).toEqual([2, 1]);
    expect([await times("c"), await times("d")]).toEqual([undefined, undefined]);
    expect(await countUnkept(database.orm, "launch")).toBe(3);
  });

  test("what cannot be written is counted once it can be again", async () => {
    await database.client.execute("ALTER TABLE refusals RENAME TO hidden");
    const { recorder, close } = recorderOf({ maxAgeMs: 0 });
    recorder.take("launch", ["a", "b"], [refused(1), refused(1)]);
    while (failures.length === 0) await Bun.sleep(1);
    await database.client.execute("ALTER TABLE hidden RENAME TO refusals");
    await close();
    expect(await times("a")).toBeUndefined();
    expect(await countUnkept(database.orm, "launch")).toBe(2);
  });

  test("of one member from several processes are one, in whatever order they are written", async () => {
    const of = (firstAtMs: number, lastAtMs: number): Refusal => ({
      eventId: "launch",
      memberId: "kim",
      firstOutcome: `first at ${firstAtMs}`,
      firstAtMs,
      lastOutcome: `last at ${lastAtMs}`,
      lastAtMs,
      times: 2,
    });
    for (const refusal of [of(5, 6), of(1, 2), of(8, 9), of(3, 4)]) {
      await mergeRefusals(database, encodeRefusals([refusal]));
    }
    expect(await readRefusal(database.orm, "launch", "kim")).toEqual({ ...of(1, 9), times: 8 });
  });
});
