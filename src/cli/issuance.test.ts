import { afterAll, expect, test } from "bun:test";
import { statSync } from "node:fs";
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
    coupon: { kind: "percent", value: 10, validUntil: null },
    windowId: kim.windowId,
    issuedAt: "2026-11-22T10:00:00.000Z",
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
  const shown = await done("show", "summer", "--code", late.code);
  expect(shown).toContain("late");
  expect(shown).toContain("not there yet");
});

test("a list goes on behind its last rank, and tells what is still on its way", async () => {
  const first = await done("list", "summer", "--limit", "2");
  expect(first).toContain("More: --after 2");
  expect(first).toContain("On their way to the ledger, and not listed: 2");
  const second: unknown = JSON.parse(await done("list", "summer", "--after", "2", "--json"));
  expect(second).toMatchObject({ issuances: [{ rank: 3 }], nextAfterRank: null, undelivered: 2 });
});

test("statistics count each window, and what is on its way", async () => {
  const all: unknown = JSON.parse(await done("stats", "summer", "--json"));
  expect(all).toMatchObject({ issued: 3, undelivered: 2, windows: [{ issued: 3 }] });
  const text = await done("stats", "summer");
  expect(text).toContain("on their way  2");
  expect(text).toContain("2026-11-22 19:00:02+09:00");
});

test("an export is a file that only its owner reads, and is not written over", async () => {
  const out = join(folder.path, "summer.csv");
  const result = await issuance("export", "summer", "--out", out);
  expect(result).toMatchObject({
    exitCode: EXIT.ok,
    stdout: "",
    stderr: expect.stringMatching(/^3 coupons written .*\n2 are on their way to the ledger/),
  });
  const lines = (await Bun.file(out).text()).split("\r\n");
  expect(lines).toHaveLength(5);
  expect(lines[3]).toStartWith(`3,'=cmd|' /C calc'!A0,`);
  expect(statSync(out).mode & 0o777).toBe(0o600);
  expect((await issuance("export", "summer", "--out", out)).stderr).toContain("--force");
});

test("what is wrong is said in one line", async () => {
  const cases = [
    [["show", "winter", "--rank", "1"], "no event with the id winter"],
    [["show", "summer", "--rank", "9"], "issued nothing with rank 9"],
    [["show", "summer", "--code", "AAAA-BBBB"], "issued nothing with this code"],
    [["show", "summer"], "one of --member, --rank and --code"],
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

test("a coupon is redeemed once, and revoked with a reason", async () => {
  const redeem = async (...args: string[]) => await issuance("redeem", kim.code, ...args);
  const first = await redeem("--key", "receipt-1", "--json");
  expect(JSON.parse(first.stdout)).toMatchObject({ status: "redeemed", memberId: "kim" });
  const [again, second, revoked, unrevoked, unknown] = await Promise.all([
    redeem("--key", "receipt-1", "--json"),
    redeem("--key", "receipt-2"),
    issuance("revoke", "summer", "--member", "lee", "--reason", "two accounts", "--return"),
    issuance("revoke", "summer", "--member", "kim", "--reason", "too late"),
    issuance("redeem", "AAAA-BBBB", "--key", "receipt-3"),
  ]);
  expect(again).toEqual(first);
  expect(revoked.stdout).toContain("the event may issue one rank more");
  for (const [result, message] of [
    [second, "the coupon was redeemed at 20"],
    [unrevoked, "what was redeemed cannot be revoked"],
    [unknown, "no event has issued a coupon with this code"],
  ] as const) {
    expect(result.exitCode).toBe(EXIT.usage);
    expect(result.stderr).toContain(message);
    expect(result.stderr.trim().split("\n")).toHaveLength(1);
    expect(result.stderr).not.toContain(kim.code);
  }
  const shown = await done("show", "summer", "--member", "lee");
  expect(shown).toContain("two accounts");
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
