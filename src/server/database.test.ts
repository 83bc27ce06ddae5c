import { Database as Sqlite } from "bun:sqlite";
import { afterAll, describe, expect, test } from "bun:test";
import { chmodSync, existsSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { LibsqlError } from "@libsql/client";
import { temporaryDirectory } from "../../test/support/temp.ts";
import { EXIT } from "../exit-codes.ts";
import { type Database, openDatabase } from "./database.ts";
import { changeCatalogue } from "./events/change.ts";
import { holdEngineLock } from "./ledger/engine-lock.ts";

const folder = temporaryDirectory();
afterAll(() => folder.remove());

function file(name: string): string {
  return join(folder.path, name);
}

/** What opening it says; the test fails when it opens. */
async function refusal(pathOrUrl: string, options?: { create: boolean }): Promise<unknown> {
  return await openDatabase(pathOrUrl, undefined, options).then(
    (database) => {
      database.close();
      return "it was opened";
    },
    (error: unknown) => error,
  );
}

function revisionIn(path: string): unknown {
  using other = new Sqlite(path, { readonly: true });
  return other.query("SELECT revision FROM catalogue").values()[0]?.[0];
}

async function raiseRevision(database: Database): Promise<number> {
  return await changeCatalogue(database, async (_, revision) => revision);
}

describe("a path means the file of that name", () => {
  test.each(["a%20b.db", "a?mode=memory", "a#b.db", "한글 a.db"])("%s", async (name) => {
    const database = await openDatabase(file(name));
    (await holdEngineLock(database.url)).release();
    database.close();
    expect(readdirSync(folder.path)).toContain(name);
    expect(readdirSync(folder.path)).toContain(`${name}-lock`);
  });

  test("a file: URL is decoded", async () => {
    (await openDatabase(`file:${file("c%20d.db")}`)).close();
    expect(existsSync(file("c d.db"))).toBe(true);
  });
});

describe("refused in one sentence", () => {
  test.each([
    ["", "the database has no name"],
    [":memory:", "a database in memory would be gone"],
    ["file::memory:?cache=shared", "a database in memory would be gone"],
    ["file:x.db?mode=ro", "a file: URL with a query"],
    ["file://elsewhere/x.db", "URL is not well formed"],
    ["file:%zz", "URL is not well formed"],
    ["postgres://user:hidden@host/x", "a postgres: database is not supported"],
  ])("%p", async (pathOrUrl, message) => {
    expect(await refusal(pathOrUrl)).toMatchObject({
      exitCode: EXIT.usage,
      message: expect.stringContaining(message),
    });
  });

  test("a folder that is not there", async () => {
    expect(await refusal(file("none/x.db"))).toMatchObject({
      exitCode: EXIT.failed,
      message: `the folder ${file("none")} of the database does not exist: make it, or name another place (--db, COUPONLIVE_DB)`,
    });
  });

  test("a folder in the file's place", async () => {
    expect(await refusal(folder.path)).toMatchObject({
      exitCode: EXIT.failed,
      message: expect.stringContaining("cannot be opened: it must be a file"),
    });
  });

  test("a file that is something else", async () => {
    writeFileSync(file("text.db"), "no database ".repeat(1_000));
    expect(await refusal(file("text.db"))).toMatchObject({
      message: `${file("text.db")} is not a SQLite database: name another file (--db, COUPONLIVE_DB)`,
    });
  });

  test("a server that does not answer, without the URL's secrets", async () => {
    const failure = await refusal("http://user:hidden@127.0.0.1:9/?authToken=hidden");
    expect(failure).toMatchObject({
      exitCode: EXIT.failed,
      message: expect.stringMatching(
        /^the database server http:\/\/127\.0\.0\.1:9 does not answer/,
      ),
    });
    expect(String(failure)).not.toContain("hidden");
  });

  test("a server that refuses the token", async () => {
    using server = Bun.serve({ port: 0, fetch: () => new Response("no", { status: 401 }) });
    expect(await refusal(`http://127.0.0.1:${server.port}`)).toMatchObject({
      message: expect.stringContaining("refuses access: set COUPONLIVE_DB_TOKEN"),
    });
  });

  test.each([
    ["foreign", "CREATE TABLE orders (id INTEGER)"],
    ["rails", "CREATE TABLE schema_migrations (version TEXT)"],
  ])("another program's tables (%s), which stay as they are", async (name, sql) => {
    const path = file(`${name}.db`);
    using other = new Sqlite(path);
    other.run(sql);
    expect(await refusal(path)).toMatchObject({
      exitCode: EXIT.failed,
      message: expect.stringContaining("is the database of another program"),
    });
    expect(other.query("SELECT count(*) FROM sqlite_master").values()).toEqual([[1]]);
  });

  test("a newer couponlive's database", async () => {
    (await openDatabase(file("newer.db"))).close();
    using other = new Sqlite(file("newer.db"));
    other.run("INSERT INTO schema_migrations VALUES ('9999_future', 1)");
    expect(await refusal(file("newer.db"))).toMatchObject({
      message: expect.stringContaining(
        "written by a newer couponlive (it has migration 9999_future)",
      ),
    });
  });
});

describe("what only reads", () => {
  test("makes no file", async () => {
    expect(await refusal(file("absent.db"), { create: false })).toMatchObject({
      exitCode: EXIT.failed,
      message: `there is no database at ${file("absent.db")} (--db, COUPONLIVE_DB)`,
    });
    expect(existsSync(file("absent.db"))).toBe(false);
  });

  test("fills no empty one", async () => {
    writeFileSync(file("empty.db"), "");
    expect(await refusal(file("empty.db"), { create: false })).toMatchObject({
      message: expect.stringContaining("there is no database at"),
    });
    expect(Bun.file(file("empty.db")).size).toBe(0);
  });

  test("opens one that is there", async () => {
    (await openDatabase(file("there.db"))).close();
    (await openDatabase(file("there.db"), undefined, { create: false })).close();
  });
});

test("a new database and its companions are readable by their owner only; one that is there keeps its mode", async () => {
  const database = await openDatabase(file("private.db"));
  await raiseRevision(database);
  const modeOf = (name: string) => statSync(file(name)).mode & 0o777;
  const names = ["private.db", "private.db-wal", "private.db-shm"];
  expect(names.map(modeOf)).toEqual([0o600, 0o600, 0o600]);
  database.close();
  chmodSync(file("private.db"), 0o640);
  (await openDatabase(file("private.db"))).close();
  expect(modeOf("private.db")).toBe(0o640);
});

test("after a checkpoint the file alone holds everything", async () => {
  const database = await openDatabase(file("whole.db"));
  const revision = await raiseRevision(database);
  await database.checkpoint();
  await Bun.write(file("copy.db"), Bun.file(file("whole.db")));
  database.close();
  expect(revisionIn(file("copy.db"))).toBe(revision);
});

test("a change that follows a failed one is committed", async () => {
  const database = await openDatabase(file("failed.db"));
  const before = await raiseRevision(database);
  const other = await openDatabase(file("failed.db"));
  // The connection that the change will borrow must not wait ten seconds for the lock.
  await database.client.execute("PRAGMA busy_timeout = 1");
  const lock = await other.client.transaction("write");
  const failure = await raiseRevision(database).catch((error: unknown) => error);
  lock.close();
  expect(failure).toBeInstanceOf(LibsqlError);
  expect(await raiseRevision(database)).toBe(before + 1);
  expect(revisionIn(file("failed.db"))).toBe(before + 1);
  other.close();
  database.close();
});
