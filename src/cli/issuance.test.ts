import { afterAll, expect, test } from "bun:test";
import { join } from "node:path";
import { eventWithWindow, issueTo, leaveInOutbox } from "../../test/support/issuances.ts";
import { type ProgramResult, runProgram } from "../../test/support/program.ts";
import { startRedis } from "../../test/support/redis.ts";
import { temporaryDirectory } from "../../test/support/temp.ts";
import { EXIT } from "../exit-codes.ts";
import { openDatabase } from "../server/database.ts";
import { becomeDecider } from "../server/decider.ts";

const folder = temporaryDirectory();
const databaseFile = join(folder.path, "test.db");
const database = await openDatabase(databaseFile);
const OPENS_AT_MS = Date.parse("2026-11-22T10:00:00Z");
const summer = await eventWithWindow(
  database,
  { id: "summer", name: "Summer", stock: 10, timeZone: "Asia/Seoul" },
  OPENS_AT_MS,
);
const [kim] = await issueTo(database, summer, ["kim", "lee", "=cmd|' /C calc'!A0"]);
const [late] = await leaveInOutbox(database, summer, ["late", "later"], 4);
if (kim === undefined || late === undefined) throw new Error("nothing was issued");

afterAll(() => {
  database.close();
  folder.remove();
});

/** `couponlive issuance …` on the test's database. */
async function issuance(...args: readonly string[]): Promise<ProgramResult> {
  return await runProgram(["issuance", ...args], { env: { COUPONLIVE_DB: databaseFile } });
}

/** The same, which must succeed. */
async function done(...args: readonly string[]): Promise<string> {
  const result = await issuance(...args);
  expect(result).toMatchObject({ stderr: "", exitCode: EXIT.ok });
  return result.stdout;
}

test("a coupon is found by its member, its rank and its code, as it is typed", async () => {
  const byMember: unknown = JSON.parse(await done("show", "summer", "--member", "kim", "--json"));
  expect(byMember).toEqual({
    eventId: "summer",
    memberId: "kim",
    rank: 1,
    code: kim.code,
    coupon: { kind: "percent", value: 10 },
    windowId: kim.windowId,
    issuedAt: "2026-11-22T10:00:00.000Z",
    expiresAt: null,
    status: "issued",
    redeemedAt: null,
    revokedAt: null,
    revocationReason: null,
    inLedger: true,
  });
  const [byRank, byCode] = await Promise.all([
    done("show", "summer", "--rank", "1"),
    done("show", "summer", "--code", kim.code.toLowerCase()),
  ]);
  expect(byRank).toBe(byCode);
  expect(byRank).toContain("2026-11-22 19:00:00+09:00 (Asia/Seoul)");
});

test("what waits in the outbox is shown, and said not to be in the ledger yet", async () => {
  const [byMember, byRank, byCode] = await Promise.all([
    done("show", "summer", "--member", "late"),
    done("show", "summer", "--rank", "4"),
    done("show", "summer", "--code", late.code),
  ]);
  for (const shown of [byMember, byRank, byCode]) {
    expect(shown).toContain(late.code);
    expect(shown).toContain("not there yet");
  }
});

test("a list goes on behind its last rank, and tells what is still on its way", async () => {
  const first = await done("list", "summer", "--limit", "2");
  expect(first).toContain("More: --after 2");
  expect(first).toContain("On their way to the ledger, and not listed: 2");
  const second: unknown = JSON.parse(await done("list", "summer", "--after", "2", "--json"));
  expect(second).toMatchObject({ issuances: [{ rank: 3 }], nextAfterRank: null, undelivered: 2 });
  const none = await done("list", "summer", "--status", "redeemed");
  expect(none).toContain("The ledger holds no such coupons.");
});

test("what is wrong is said in one line", async () => {
  const cases = [
    [["show", "winter", "--rank", "1"], "no event with the id winter"],
    [["show", "summer", "--rank", "9"], "issued nothing to rank 9"],
    [["show", "summer", "--code", "AAAA-BBBB"], "issued nothing to this code"],
    [["show", "summer"], "one of --member, --rank and --code"],
    [["show", "summer", "--rank", "1", "--member", "kim"], "one of --member"],
    [["show", "summer", "--rank", "0"], "whole number"],
    [["list", "summer", "--status", "gone"], "issued, redeemed, revoked"],
    [["lst"], "did you mean list?"],
  ] as const;
  const results = await Promise.all(cases.map(([args]) => issuance(...args)));
  for (const [index, [, message]] of cases.entries()) {
    const { stderr, exitCode } = results[index] ?? {};
    expect({ stderr, exitCode }).toEqual({
      stderr: expect.stringContaining(message),
      exitCode: EXIT.usage,
    });
    expect(stderr?.trim().split("\n")).toHaveLength(1);
  }
});

test("where a Redis decides, what is not in the ledger is looked for there, or said to be unknown", async () => {
  await using redis = await startRedis({ persistence: "none" });
  const client = new Bun.RedisClient(redis.url);
  await client.set("couponlive:dataset", "ours");
  const decider = await becomeDecider(database, "ours", false);
  decider.stopHeartbeat();
  const blind = await issuance("show", "summer", "--member", "streamed");
  expect(blind).toMatchObject({
    exitCode: EXIT.failed,
    stderr: expect.stringContaining("add --redis"),
  });
  const fields = [
    "r",
    "6",
    "w",
    String(kim.windowId),
    "t",
    String(OPENS_AT_MS),
    "m",
    '["streamed"]',
  ];
  await client.send("XADD", ["couponlive:{summer}:stream", "*", ...fields]);
  const seen = await done("show", "summer", "--member", "streamed", "--redis", redis.url);
  expect(seen).toContain("not there yet");
  await client.set("couponlive:dataset", "another");
  const wrong = await issuance("show", "summer", "--member", "streamed", "--redis", redis.url);
  expect(wrong.stderr).toContain("another Redis decides for this database");
  client.close();
  await decider.release();
});
