/** The commands that run a giveaway, as the real program. */
import { afterAll, expect, test } from "bun:test";
import { join } from "node:path";
import { issuances } from "../../schema/tables.ts";
import { runProgram } from "../../test/support/program.ts";
import { temporaryDirectory } from "../../test/support/temp.ts";
import { EXIT } from "../exit-codes.ts";
import { openDatabase } from "../server/database.ts";
import { createEvent, findEvent } from "../server/events/administration.ts";

const folder = temporaryDirectory();
const databaseFile = join(folder.path, "test.db");
const database = await openDatabase(databaseFile);
afterAll(() => {
  database.close();
  folder.remove();
});

/** `couponlive event …` on the test's database. */
async function event(args: readonly string[], stdin?: string) {
  const env = { COUPONLIVE_DB: databaseFile };
  return await runProgram(["event", ...args], { env, ...(stdin === undefined ? {} : { stdin }) });
}

/** The same, which must succeed. */
async function done(...args: readonly string[]): Promise<string> {
  const result = await event(args);
  expect(result).toMatchObject({ stderr: "", exitCode: EXIT.ok });
  return result.stdout;
}

async function json(...args: readonly string[]): Promise<unknown> {
  return JSON.parse(await done(...args, "--json"));
}

/** The one line on stderr of a command that is refused and exits as a misuse. */
async function refused(...args: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await event(args);
  expect([exitCode, stdout]).toEqual([EXIT.usage, ""]);
  const [, line, rest] = /^couponlive: (.*)\n(.*)$/s.exec(stderr) ?? [];
  expect(rest).toBe("");
  return line ?? stderr;
}

test("a giveaway is run from the command line, and the log tells by whom", async () => {
  const settings = ["--window-quota", "5", "--code-prefix", "sun", "--code-length", "8"];
  const validity = ["--valid-for", "30d", "--valid-until", "2099-12-31T00:00"];
  const basics = ["--name", "Run", "--id", "run", "--stock", "10", "--tz", "Asia/Seoul"];
  const text = await done("create", ...basics, ...settings, ...validity);
  expect(text).toMatch(/^quota +5 a window$/m);
  expect(text).toMatch(/^codes +8 letters, SUN- before them$/m);
  expect(text).toMatch(
    /^valid +for 30d after it is issued, at most until 2099-12-31 00:00:00\+09:00$/m,
  );
  expect(await json("update", "run", "--name", "Run!", "--window-quota", "none")).toMatchObject({
    name: "Run!",
    windowQuota: null,
    codePrefix: "SUN",
  });
  await database.orm.insert(issuances).values({
    ...{ eventId: "run", rank: 1, userId: "member", code: "CODE", windowId: 1, issuedAtMs: 1 },
  });
  expect(await done("pause", "run")).toBe("Event run is paused.\n");
  expect(await json("resume", "run")).toMatchObject({ id: "run", state: "scheduled", issued: 1 });
  expect(await done("restock", "run", "2000")).toBe("Event run has a stock of 2,000.\n");
  expect(await json("restock", "run", "1")).toMatchObject({ stock: 1, remaining: 0 });
  expect(
    await json("clone", "run", "--name", "Next", "--id", "next", "--code-prefix", "next"),
  ).toMatchObject({ id: "next", stock: 1, codePrefix: "NEXT", issued: 0 });
  expect(await done("delete", "next", "--yes")).toBe("Event next is deleted.\n");
  expect(await json("end", "run", "--yes")).toMatchObject({ state: "ended" });

  const actor = expect.stringMatching(/^cli:./);
  const log = await json("log", "run", "--limit", "3");
  expect(log).toMatchObject([
    { actor, action: "event.end", eventId: "run", details: {} },
    { actor, action: "event.restock", details: { from: 2_000, to: 1 } },
    { actor, action: "event.restock", details: { from: 10, to: 2_000 } },
  ]);
  const table = (await done("log", "next")).trim().split("\n");
  expect(table[0]).toMatch(/^when \(UTC\) +who +what +to +details$/);
  expect(table.slice(1).map((line) => line.split(/ {2,}/)[2])).toEqual([
    "event.delete",
    "event.clone",
  ]);
});

test("windows are previewed, read from a file, listed and removed", async () => {
  await done("create", "--name", "Timed", "--id", "timed", "--tz", "Asia/Seoul");
  const file = join(folder.path, "windows.csv");
  await Bun.write(file, "opensAt,closesAt,quota\n2099-12-01T10:00,,7\n2099-12-01T12:00\n");
  const preview = await done("schedule", "timed", "--file", file, "--dry-run");
  expect(preview).toStartWith("Windows that would be added to event timed: 2\n\nwindow  opens");
  expect(preview).toMatch(/^new +2099-12-01 10:00:00\+09:00 .* 2099-12-01 01:00:00Z +7$/m);
  expect(await done("windows", "timed")).toBe("No windows are scheduled for event timed.\n");
  const added = await json("schedule", "timed", "--file", file, "--quota", "9");
  const listed = await json("windows", "timed");
  expect(added).toEqual({ eventId: "timed", timeZone: "Asia/Seoul", windows: listed });
  expect(listed).toMatchObject([
    { opensAt: "2099-12-01T10:00:00+09:00", quota: 7 },
    { opensAt: "2099-12-01T12:00:00+09:00", quota: 9 },
  ]);
  const [first, second] = (await findEvent(database, "timed"))?.windows ?? [];
  expect(await refused("unschedule", "timed", "noon")).toBe(
    '"noon" is not the number of a window: couponlive event windows timed lists them',
  );
  expect(await done("unschedule", "timed", `${first?.id}`)).toStartWith(
    "Windows removed from event timed: 1\n\nwindow  opens",
  );
  expect((await findEvent(database, "timed"))?.windows).toEqual(second ? [second] : []);
  await Bun.write(file, "2099-12-02T10:00\nnoon\n");
  expect(await refused("schedule", "timed", "--file", file)).toStartWith('line 2: "noon" is not');
});

test("codes come from a file or from stdin; bad ones are refused by their lines", async () => {
  await done("create", "--name", "Own", "--id", "own", "--stock", "2");
  const file = join(folder.path, "codes.txt");
  await Bun.write(file, "AAAA\nAAAA\n");
  expect(await refused("import-codes", "own", file)).toBe(
    "line 2: the code stands on an earlier line already",
  );
  expect(await refused("import-codes", "own", join(folder.path, "none.txt"))).toContain(
    "none.txt could not be read: ENOENT",
  );
  const fromStdin = await event(["import-codes", "own", "-", "--json"], "AAAA\nBBBB\n");
  expect(JSON.parse(fromStdin.stdout)).toEqual({ eventId: "own", codes: 2 });
  expect(await done("show", "own")).toMatch(/^codes +imported, one a rank$/m);
});

test("what cannot be undone is asked for, and what is not right is refused in one line", async () => {
  await done("create", "--name", "Kept", "--id", "kept");
  expect(await refused("end", "kept")).toBe(
    "this ends event kept (Kept) for good (add --yes to do it)",
  );
  expect(await refused("delete", "kept")).toBe(
    "this deletes event kept (Kept) (add --yes to do it)",
  );
  expect(await refused("restock", "kept", "1e3")).toBe(
    'the stock must be a whole number from 1 to 10000000, not "1e3"',
  );
  expect(await refused("update", "kept")).toBe("nothing to change was given");
  expect(await refused("log", "nowhere")).toBe(
    "there is no event with the id nowhere (`couponlive event list` shows those there are)",
  );
  const redis = ["--redis", "redis://:hidden@127.0.0.1:1"];
  const unreachable = await event(["restock", "kept", "5", ...redis]);
  expect(unreachable.exitCode).toBe(EXIT.failed);
  expect(unreachable.stderr).toStartWith("couponlive: Redis at 127.0.0.1:1 cannot be used");
  expect(await findEvent(database, "kept")).toMatchObject({ stock: 100_000, ended: false });
});

test("a database that fails at work is told in one line, without what was asked of it", async () => {
  const path = join(folder.path, "damaged.db");
  const damaged = await openDatabase(path);
  await createEvent(damaged, { id: "fine", name: "Fine" });
  await damaged.client.execute("DROP TABLE audit");
  damaged.close();
  for (const command of [
    ["event", "log", "fine"],
    ["event", "pause", "fine"],
    ["user", "create", "--id", "somebody", "--no-password"],
  ]) {
    const result = await runProgram(command, { env: { COUPONLIVE_DB: path } });
    expect(result).toMatchObject({ stdout: "", exitCode: EXIT.failed });
    expect(result.stderr).toMatch(
      /^couponlive: the database \S+ cannot be used: SQLITE_ERROR: no such table: \S+\n$/,
    );
  }
});
