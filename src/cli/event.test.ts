import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { issuances } from "../../schema/tables.ts";
import { type ProgramResult, runProgram } from "../../test/support/program.ts";
import { temporaryDirectory } from "../../test/support/temp.ts";
import { EXIT } from "../exit-codes.ts";
import { openDatabase } from "../server/database.ts";
import { findEvent, listEvents } from "../server/events/administration.ts";

const folder = temporaryDirectory();
const databaseFile = join(folder.path, "test.db");
const database = await openDatabase(databaseFile);

/** `couponlive event …` on the test's database. */
async function event(...args: readonly string[]): Promise<ProgramResult> {
  return await runProgram(["event", ...args], { env: { COUPONLIVE_DB: databaseFile } });
}

/** The same, which must succeed. */
async function done(...args: readonly string[]): Promise<string> {
  const result = await event(...args);
  expect(result).toMatchObject({ stderr: "", exitCode: EXIT.ok });
  return result.stdout;
}

async function json(...args: readonly string[]): Promise<unknown> {
  return JSON.parse(await done(...args, "--json"));
}

/** A window of one minute as `--json` prints it, when it opens at this moment. */
function windowAt(opensAt: string, closesAt: string, quota: number | null = null) {
  return {
    id: expect.any(Number),
    opensAt,
    closesAt,
    opensAtMs: Date.parse(opensAt),
    closesAtMs: Date.parse(closesAt),
    quota,
  };
}

afterAll(() => {
  database.close();
  folder.remove();
});

test("an event is created with what is given", async () => {
  const args = ["--name", "여름 세일", "--id", "summer", "--stock", "5000", "--tz", "asia/seoul"];
  const coupons = ["--coupon", "percent:50:1000", "--coupon", "amount:5000"];
  const policy = ["--window-length", "90s", "--windows-per-day", "3"];
  const created = await json("create", ...args, ...coupons, ...policy);
  expect(created).toEqual({
    id: "summer",
    name: "여름 세일",
    state: "scheduled",
    stock: 5000,
    issued: 0,
    remaining: 5000,
    timeZone: "Asia/Seoul",
    windowLengthMs: 90_000,
    windowsPerDay: 3,
    windowQuota: null,
    codePrefix: "",
    codeLength: 16,
    codesImported: false,
    validForMs: null,
    validUntilMs: null,
    returned: 0,
    coupons: [
      { firstRank: 1, lastRank: 1000, kind: "percent", value: 50 },
      { firstRank: 1001, lastRank: 5000, kind: "amount", value: 5000 },
    ],
    currentWindow: null,
    nextWindow: null,
    windows: [],
  });
  expect(await json("show", "summer")).toEqual(created);
});

test("an event is created with the defaults, and says what comes next", async () => {
  const text = await done("create", "--name", "Winter Sale");
  expect(text).toMatch(/^event +winter-sale-[0-9a-f]{6}$/m);
  expect(text).toMatch(/^stock +100,000$/m);
  expect(text).toMatch(/^time zone +UTC$/m);
  expect(text).toMatch(/^policy +windows of up to 1m, at most 10 a day$/m);
  expect(text).toMatch(/^coupons +ranks 1 to 100,000: 10 % off$/m);
  expect(text).toMatch(/^Next: couponlive event schedule winter-sale-[0-9a-f]{6} --now /m);
});

describe("schedule", () => {
  test("--now opens a window at once", async () => {
    await done("create", "--name", "Now", "--id", "now", "--stock", "10");
    const beforeMs = Date.now();
    const scheduled = await json("schedule", "now", "--now", "--quota", "5");
    const afterMs = Date.now();
    const shown = await json("show", "now");
    expect(shown).toMatchObject({ state: "open", currentWindow: { quota: 5 }, nextWindow: null });
    expect(scheduled).toMatchObject({ eventId: "now", timeZone: "UTC", windows: [{ quota: 5 }] });
    const opensAtMs = (await findEvent(database, "now"))?.windows[0]?.opensAtMs;
    expect(opensAtMs).toBeWithin(beforeMs, afterMs + 1);
  });

  test("--at takes local times, times of another zone, and instants", async () => {
    await done("create", "--name", "At", "--id", "at", "--tz", "Asia/Seoul");
    const at = ["--at", "2099-12-01T10:00", "--at", "2099-12-01T03:00:00Z"];
    expect(await json("schedule", "at", ...at)).toEqual({
      eventId: "at",
      timeZone: "Asia/Seoul",
      windows: [
        windowAt("2099-12-01T10:00:00+09:00", "2099-12-01T10:01:00+09:00"),
        windowAt("2099-12-01T12:00:00+09:00", "2099-12-01T12:01:00+09:00"),
      ],
    });
    const berlin = await json(
      "schedule",
      "at",
      "--at",
      "2099-12-02 10:00",
      "--tz",
      "Europe/Berlin",
    );
    expect(berlin).toMatchObject({
      windows: [windowAt("2099-12-02T18:00:00+09:00", "2099-12-02T18:01:00+09:00")],
    });
  });

  test("--daily repeats times on days, and shows them in both zones", async () => {
    await done("create", "--name", "Daily", "--id", "daily", "--tz", "Asia/Seoul");
    const daily = ["--daily", "10:00,12:00", "--from", "2099-12-31", "--days", "2"];
    const text = await done("schedule", "daily", ...daily, "--tz", "Asia/Seoul");
    expect(text).toStartWith("Windows added to event daily: 4\n\n");
    const columns = text
      .split("\n")
      .slice(2, -1)
      .map((line) => line.split(/ {2,}/).slice(1));
    expect(columns).toEqual([
      ["opens (Asia/Seoul)", "closes (Asia/Seoul)", "opens (UTC)", "quota"],
      ["2099-12-31 10:00:00+09:00", "2099-12-31 10:01:00+09:00", "2099-12-31 01:00:00Z", "none"],
      ["2099-12-31 12:00:00+09:00", "2099-12-31 12:01:00+09:00", "2099-12-31 03:00:00Z", "none"],
      ["2100-01-01 10:00:00+09:00", "2100-01-01 10:01:00+09:00", "2100-01-01 01:00:00Z", "none"],
      ["2100-01-01 12:00:00+09:00", "2100-01-01 12:01:00+09:00", "2100-01-01 03:00:00Z", "none"],
    ]);
    const shown = await done("show", "daily");
    expect(shown).toEndWith(text.slice(text.indexOf("window  ")));
  });
});

test("list and show count what the ledger holds", async () => {
  await done("create", "--name", "Counted", "--id", "counted", "--stock", "1200");
  await database.orm.insert(issuances).values({
    eventId: "counted",
    rank: 1,
    userId: "member",
    code: "CODE",
    windowId: 1,
    issuedAtMs: 1,
  });
  expect(await json("show", "counted")).toMatchObject({ issued: 1, remaining: 1199 });
  expect(await json("list")).toContainEqual(await json("show", "counted"));
  expect(await done("list")).toMatch(/^counted +scheduled +1,200 +1 +- +Counted$/m);
});

test("a database without events says so", async () => {
  const path = join(folder.path, "empty.db");
  (await openDatabase(path)).close();
  const empty = ["--db", path];
  expect(await done("list", ...empty)).toBe("There are no events.\n");
  expect(await json("list", ...empty)).toEqual([]);
});

describe("refused, with what is wrong on stderr, and nothing done", () => {
  beforeAll(async () => {
    await done("create", "--name", "Busy", "--id", "busy", "--tz", "America/New_York");
    const ten = Array.from({ length: 10 }, (_, index) => `${index + 10}:00`).join(",");
    await done("schedule", "busy", "--daily", ten, "--from", "2099-12-01");
  });

  const create = ["create", "--name", "New", "--id", "refused"];
  const schedule = ["schedule", "busy"];

  test.each([
    [
      [...schedule, "--at", "2099-12-01T10:00:59"],
      "the window at 2099-12-01 10:00:59-05:00 (America/New_York) overlaps the one at 2099-12-01 10:00:00-05:00 (America/New_York), which closes at 2099-12-01 10:01:00-05:00 (America/New_York): choose a time outside it",
    ],
    [
      [...schedule, "--at", "2020-01-01T10:00"],
      "a window cannot open in the past: 2020-01-01 10:00:00-05:00 (America/New_York) is over, so choose a later time (--now opens one at once)",
    ],
    [
      [...schedule, "--at", "2099-12-01T09:00"],
      "the window at 2099-12-01 09:00:00-05:00 (America/New_York) would be number 11 on 2099-12-01: the event allows 10 a day",
    ],
    [
      [...schedule, "--daily", "01:00,02:30", "--from", "2099-03-07", "--days", "3"],
      "02:30:00 does not exist on 2099-03-08 in America/New_York: the clocks are put forward over it, so choose another time",
    ],
    [
      [...schedule, "--at", "2099-12-05T10:00", "--tz", "Mars/Olympus"],
      'unknown time zone "Mars/Olympus": give a name such as Asia/Seoul, Europe/Berlin or UTC',
    ],
    [
      [...schedule, "--at", "tomorrow"],
      '"tomorrow" is not a time: write 2026-12-01T10:00 (local time) or 2026-12-01T10:00+09:00',
    ],
    [
      ["schedule", "nowhere", "--now"],
      "there is no event with the id nowhere (`couponlive event list` shows those there are)",
    ],
    [
      ["show", "nowhere"],
      "there is no event with the id nowhere (`couponlive event list` shows those there are)",
    ],
    [schedule, "say when the windows open, by one of --now, --at, --daily and --file"],
    [
      [...schedule, "--now", "--at", "2099-12-05T10:00"],
      "give only one of --now, --at, --daily and --file",
    ],
    [
      [...create, "--stock", "-5"],
      "option '--stock <n>' argument '-5' is invalid. It must be a whole number from 1 to 10000000. (--help shows how)",
    ],
    [
      [...create, "--window-length", "25h"],
      "option '--window-length <duration>' argument '25h' is invalid. It must be a whole number with ms, s, m, h or d, from 1ms to 24h, such as 90s. (--help shows how)",
    ],
    [
      [...create, "--stok", "5"],
      "unknown option '--stok' (did you mean --stock? --help shows how)",
    ],
    [
      [...schedule, "--daily", "10:00"],
      "--daily needs the first day: add --from, such as --from 2026-12-01",
    ],
    [
      [...schedule, "--now", "--days", "2"],
      "--from and --days belong to --daily: add it, or leave them out",
    ],
    [
      [...schedule, "--now", "--tz", "UTC"],
      "--tz belongs to --at, --daily and --file: leave it out with --now",
    ],
    [
      [...create, "--coupon", "percent:101"],
      "the value of coupon percent:101 must be a whole number from 1 to 100, not 101",
    ],
    [
      [...create, "--coupon", "percent:10:999", "--coupon", "amount:5:1"],
      "the coupon counts add up to 1000, but the stock is 100000: make them equal, or leave out the last count",
    ],
    [
      [...create, "--coupon", "half"],
      'coupon "half" must look like percent:50:1000 or amount:5000:99000 (kind, value, count), or percent:10 for the rest of the stock',
    ],
    [
      [...create, "--tz", "Mars/Olympus"],
      'unknown time zone "Mars/Olympus": give a name such as Asia/Seoul, Europe/Berlin or UTC',
    ],
    [
      ["create", "--name", "Again", "--id", "busy"],
      "there is an event with the id busy already: choose another",
    ],
  ])("event %j", async (args, message) => {
    const before = await listEvents(database);
    const result = await event(...args);
    expect(result).toMatchObject({
      exitCode: EXIT.usage,
      stdout: "",
      stderr: `couponlive: ${message}\n`,
    });
    expect(await listEvents(database)).toEqual(before);
  });

  test("a number that is none", async () => {
    const result = await event(...create, "--stock", "1e3");
    expect(result.exitCode).toBe(EXIT.usage);
    expect(result.stderr).toContain("'--stock <n>' argument '1e3' is invalid");
  });
});

test.each(["list", "show", "schedule"])("event %s makes no database", async (verb) => {
  const path = join(folder.path, "absent.db");
  const args = verb === "list" ? [verb] : verb === "show" ? [verb, "x"] : [verb, "x", "--now"];
  expect(await event(...args, "--db", path)).toMatchObject({
    exitCode: EXIT.failed,
    stderr: `couponlive: there is no database at ${path} (--db, COUPONLIVE_DB)\n`,
  });
  expect(existsSync(path)).toBe(false);
});

test("the code key is never printed", async () => {
  await done("create", "--name", "Secret", "--id", "secret");
  const key = Buffer.from((await findEvent(database, "secret"))?.codeKey ?? []);
  expect(key.byteLength).toBe(32);
  for (const command of ["show secret", "show secret --json", "list", "list --json"]) {
    const output = await done(...command.split(" "));
    expect(output).not.toContain("codeKey");
    expect(output).not.toContain(key.toString("hex"));
    expect(output).not.toContain(key.toString("base64"));
  }
});
