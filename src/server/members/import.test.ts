import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { asc, eq } from "drizzle-orm";
import { audit, users } from "../../../schema/tables.ts";
import { type TemporaryDirectory, temporaryDirectory } from "../../../test/support/temp.ts";
import { type Database, openDatabase } from "../database.ts";
import { checkPassword, createMember } from "./accounts.ts";
import { BadLinesError, type ImportReport, importMembers, MAX_NAMED_BAD_LINES } from "./import.ts";
import { isAcceptableHash } from "./passwords.ts";

const actor = "cli:test";
const password = "correct horse battery";
/** Of that password, by libargon2 with parameters of its own. */
const hash =
  "$argon2id$v=19$m=19456,t=2,p=2$v9wq6H0FCAP6wTUtZjT9xg$oM11cJbgTgqzfdIMZtZaWnsG6hkp2ZUB9kJwZ1jG+tI";

let folder: TemporaryDirectory;
let database: Database;

beforeEach(async () => {
  folder = temporaryDirectory();
  database = await openDatabase(join(folder.path, "test.db"));
});

afterEach(() => {
  database.close();
  folder.remove();
});

/** Imports the text, handed over in small pieces as a file comes. */
function importText(csv: string | Buffer): Promise<ImportReport> {
  const bytes = Buffer.from(csv);
  const pieces = Array.from({ length: Math.ceil(bytes.length / 50_001) }, (_, index) =>
    bytes.subarray(index * 50_001, (index + 1) * 50_001),
  );
  return importMembers(database, Readable.from(pieces), { actor, nowMs: 5 });
}

/** The bad lines by number, of an import that must be refused and leave nothing behind. */
async function refusedLines(csv: string | Buffer): Promise<Record<number, string>> {
  const before = (await database.orm.select().from(users)).length;
  const error: unknown = await importText(csv).catch((reason: unknown) => reason);
  if (!(error instanceof BadLinesError)) throw new Error(`not refused: ${Bun.inspect(error)}`);
  expect(await database.orm.select().from(users)).toHaveLength(before);
  return Object.fromEntries(error.badLines.map(({ line, problem }) => [line, problem]));
}

describe("importMembers", () => {
  test("makes the accounts that the lines name, in whatever order the columns stand", async () => {
    const report = await importText(
      `\ufeffName, EMAIL ,id,password,password_hash,role\r\n"Kim, ""K""", Kim@Example.test ,kim,${password},,\r\n\r\n,lee@example.test,,,"${hash}",admin\r\n박,park@example.test,,,,member\n`,
    );
    expect(report).toMatchObject({ imported: 3, hashed: 1 });
    const rows = await database.orm.select().from(users).orderBy(asc(users.email));
    expect(rows).toMatchObject([
      { id: "kim", email: "kim@example.test", role: "member", active: true, createdAtMs: 5 },
      { email: "lee@example.test", name: null, role: "admin", passwordHash: hash },
      { email: "park@example.test", name: "박", role: "member", passwordHash: null },
    ]);
    expect(rows[1]?.id).toMatch(/^[0-9a-f-]{36}$/);
    expect(await checkPassword(database, "kim@example.test", password)).toBeDefined();
    expect(await checkPassword(database, "lee@example.test", password)).toBeDefined();
    const [entry] = await database.orm.select().from(audit).where(eq(audit.action, "user.import"));
    expect(entry).toMatchObject({ actor, subject: null, details: '{"imported":3}' });
  });

  test("names every bad line by its number and imports nothing", async () => {
    const lines = [
      "email,id,role,password,password_hash,name",
      "good@example.test,,,,,",
      "no-address,,,,,",
      ",,,,,",
      "a@example.test,,owner,,,",
      "b@example.test,,,short,,",
      `c@example.test,,,${password},"${hash}",`,
      "d@example.test,,,,$2b$10$abc,",
      "e@example.test,,,",
      `f@example.test,,,,${hash},`,
      `g@example.test,${"x".repeat(129)},,,,`,
      '"h@example.test","two\nlines",,,,',
      "GOOD@example.test,,,,,",
      "i@example.test,,,,,\u0001",
    ];
    const bad = await refusedLines(lines.join("\n"));
    expect(Object.keys(bad).map(Number)).toEqual([3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 14, 15]);
    expect(bad[3]).toContain("name@example.com");
    expect(bad[9]).toBe("it has 4 fields, and the heading has 6");
    expect(bad[10]).toContain("quotation marks");
    expect(bad[14]).toBe("it repeats the e-mail of line 2");
    for (const problem of Object.values(bad))
      expect(problem).not.toMatch(/example\.test|short|owner/);
  });

  test.each([
    ["nothing", "", 1, "empty"],
    ["no heading", "kim@example.test,Kim\n", 1, "name the columns"],
    ["a column twice", "email,email\n", 1, "twice"],
    ["no e-mails", "id,name\nkim,Kim\n", 1, "email is missing"],
    ["an open quotation", 'email,name\na@example.test,"Kim\nb@example.test,Lee\n', 3, "quotation"],
    ["a quotation inside", 'email,name\na@example.test,Ki"m"\n', 2, "quotation"],
    ["an endless line", `email,name\na@example.test,"${"x\n".repeat(9_000)}`, 0, "longer than"],
    [
      "another encoding",
      Buffer.from([...Buffer.from("email,name\na@example.test,"), 0xb1, 0xe8]),
      2,
      "UTF-8",
    ],
  ])("refuses a file with %s", async (_, csv, line, problem) => {
    const bad = await refusedLines(csv);
    const [entry] = Object.entries(bad);
    if (line > 0) expect(Number(entry?.[0])).toBe(line);
    expect(entry?.[1]).toContain(problem);
  });

  test("undoes all of it where a member is there already, over several chunks", async () => {
    await createMember(database, { id: "m-7000", email: "first@example.test" }, actor);
    await createMember(database, { id: "second", email: "m-3@example.test" }, actor);
    const lines = Array.from({ length: 12_000 }, (_, n) => `m-${n},m-${n}@example.test`);
    lines.push("again,m-1@example.test");
    const csv = `id,email\n${lines.join("\n")}`;
    expect(await refusedLines(csv)).toEqual({
      5: "another member, or an earlier line, has this e-mail",
      7002: "another member, or an earlier line, has this id",
      12002: "another member, or an earlier line, has this e-mail",
    });
    // What was there is in nobody's way any more: now all of them are taken.
    await database.orm.delete(users);
    expect(await importText(csv.replace("again,m-1@", "again,m-x@"))).toMatchObject({
      imported: 12_001,
      hashed: 0,
    });
  });

  test("names so many bad lines at the most, and counts them all", async () => {
    const csv = `email\n${"wrong\n".repeat(MAX_NAMED_BAD_LINES + 5)}`;
    const error: unknown = await importText(csv).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ count: MAX_NAMED_BAD_LINES + 5 });
    expect(Object.keys(await refusedLines(csv))).toHaveLength(MAX_NAMED_BAD_LINES);
  });

  test("leaves nothing in the folder of temporary files", async () => {
    const stages = () =>
      readdirSync(tmpdir()).filter((name) => name.startsWith("couponlive-import"));
    const before = stages();
    await importText("email\na@example.test\n");
    expect(stages().filter((name) => !before.includes(name))).toEqual([]);
  });
});

test("isAcceptableHash takes argon2id in PHC format within bounds, and nothing else", async () => {
  expect(isAcceptableHash(hash)).toBe(true);
  expect(isAcceptableHash(await Bun.password.hash("x", "argon2id"))).toBe(true);
  const wrong = [
    hash.replace("argon2id", "argon2i"),
    hash.replace("v=19", "v=16"),
    hash.replace("m=19456", "m=999999"),
    hash.replace("m=19456", "m=8"),
    hash.replace("t=2", "t=11"),
    hash.replace("t=2", "t=0"),
    hash.replace("p=2", "p=9"),
    hash.replace("v9wq6H0FCAP6wTUtZjT9xg", "v9wq"),
    hash.slice(0, -1),
    `${hash}=`,
    `${hash}$x`,
    "$2b$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy",
    "",
  ];
  for (const text of wrong)
    expect({ text, ok: isAcceptableHash(text) }).toEqual({ text, ok: false });
});
