import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { asc, eq } from "drizzle-orm";
import { audit } from "../../../schema/tables.ts";
import { type TemporaryDirectory, temporaryDirectory } from "../../../test/support/temp.ts";
import { type Database, openDatabase } from "../database.ts";
import { Catalogue } from "../events/catalogue.ts";
import { checkPassword, createMember, findMember, requireMember } from "./accounts.ts";
import { changeMember } from "./administration.ts";
import { listMembers } from "./listing.ts";
import { seedMembers } from "./seed.ts";

const actor = "cli:test";
const password = "correct horse battery";

let folder: TemporaryDirectory;
let database: Database;

beforeAll(async () => {
  folder = temporaryDirectory();
  database = await openDatabase(join(folder.path, "test.db"));
});

afterAll(() => {
  database.close();
  folder.remove();
});

describe("changeMember", () => {
  test("changes what is given, audits each change once, and keeps secrets out of the audit", async () => {
    await createMember(database, { id: "kim", email: "kim@example.test", password }, actor, 1);
    const changed = await changeMember(
      database,
      "kim",
      { active: false, role: "admin", name: "Kim", password: "another horse" },
      "member:root",
      2,
    );
    expect(changed).toMatchObject({ active: false, role: "admin", name: "Kim" });
    expect(await findMember(database, "kim")).toEqual(changed);
    await changeMember(database, "kim", { active: false, role: "admin", name: "Kim" }, actor, 3);
    await changeMember(database, "kim", {}, actor, 3);
    expect(await checkPassword(database, "kim@example.test", "another horse")).toBeUndefined();
    await changeMember(database, "kim", { active: true, name: null }, actor, 4);
    expect(await checkPassword(database, "kim@example.test", password)).toBeUndefined();
    expect(await checkPassword(database, "kim@example.test", "another horse")).toMatchObject({
      name: null,
    });

    const rows = await database.orm
      .select()
      .from(audit)
      .where(eq(audit.subject, "kim"))
      .orderBy(asc(audit.id));
    expect(rows.map((row) => [row.atMs, row.actor, row.action, row.details])).toEqual([
      [1, "cli:test", "user.create", '{"role":"member"}'],
      [2, "member:root", "user.deactivate", "{}"],
      [2, "member:root", "user.role", '{"from":"member","to":"admin"}'],
      [2, "member:root", "user.rename", "{}"],
      [2, "member:root", "user.reset_password", "{}"],
      [4, "cli:test", "user.activate", "{}"],
      [4, "cli:test", "user.rename", "{}"],
    ]);
  });

  test("is followed by catalogues where the account is switched off or on", async () => {
    const catalogue = await Catalogue.open(database);
    await createMember(database, { id: "off", email: "off@example.test" }, actor);
    await changeMember(database, "off", { active: false }, actor);
    await catalogue.refresh();
    expect(catalogue.isActive("off")).toBe(false);
    await changeMember(database, "off", { active: true }, actor);
    await catalogue.refresh();
    expect(catalogue.isActive("off")).toBe(true);
    await catalogue.close();
  });

  test("refuses an unknown member, and a name or password that breaks the rules", async () => {
    const change = (id: string, wanted: object) => changeMember(database, id, wanted, actor);
    await expect(change("nobody", { active: false })).rejects.toMatchObject({
      code: "unknown_member",
    });
    for (const wrong of [{ name: "" }, { name: "a\u0000" }, { password: "short" }]) {
      await expect(change("kim", { ...wrong, role: "member" })).rejects.toMatchObject({
        code: "invalid_input",
      });
    }
    expect(await findMember(database, "kim")).toMatchObject({ role: "admin" });
  });
});

test("requireMember finds by id, else by e-mail in any case", async () => {
  await createMember(database, { id: "park", email: "park@example.test" }, actor);
  for (const named of ["park", "PARK@example.test"]) {
    expect(await requireMember(database, named)).toMatchObject({ memberId: "park" });
  }
  await expect(requireMember(database, "nobody")).rejects.toMatchObject({ code: "unknown_member" });
});

describe("listMembers", () => {
  beforeAll(async () => {
    await seedMembers(database, 25, { actor });
    await changeMember(database, "member-0000007", { active: false }, actor);
    await changeMember(database, "member-0000009", { role: "admin" }, actor);
    await createMember(database, { id: "wild", email: "member-_@example.test" }, actor);
    await createMember(database, { id: "no e-mail" }, actor);
  });

  /** The ids of all pages, and how many pages there were. */
  async function readAll(query: object, limit: number) {
    const ids: string[] = [];
    for (let pages = 1, afterId: string | undefined; ; pages++) {
      const page = await listMembers(database, { ...query, limit, afterId });
      ids.push(...page.members.map((member) => member.memberId));
      if (page.nextAfterId === null) return { ids, pages };
      if (pages > 100) throw new Error("the pages do not end");
      afterId = page.nextAfterId;
    }
  }

  test("pages by id over all, every account once", async () => {
    const { ids, pages } = await readAll({}, 10);
    expect(ids.every((id, index) => index === 0 || (ids[index - 1] ?? "") < id)).toBe(true);
    expect(ids).toContain("no e-mail");
    expect(pages).toBe(Math.ceil(ids.length / 10));
  });

  test("pages by the beginning of the e-mail, taken literally and in any case", async () => {
    const { ids, pages } = await readAll({ emailPrefix: "MEMBER-00" }, 5);
    expect(ids).toEqual(
      Array.from({ length: 25 }, (_, n) => `member-${`${n + 1}`.padStart(7, "0")}`),
    );
    expect(pages).toBe(5);
    expect((await readAll({ emailPrefix: "member-_" }, 5)).ids).toEqual(["wild"]);
    expect((await readAll({ emailPrefix: "nobody" }, 5)).ids).toEqual([]);
    // Ids and e-mails in opposite orders.
    for (const [id, email] of [
      ["z", "reverse-1@example.test"],
      ["y", "reverse-2@example.test"],
      ["x", "reverse-3@example.test"],
    ]) {
      await createMember(database, { id, email }, actor);
    }
    expect((await readAll({ emailPrefix: "reverse" }, 1)).ids).toEqual(["z", "y", "x"]);
  });

  test("filters by role and by what is switched off", async () => {
    expect((await readAll({ role: "admin", emailPrefix: "member" }, 5)).ids).toEqual([
      "member-0000009",
    ]);
    expect((await readAll({ active: false }, 5)).ids).toEqual(["member-0000007"]);
  });
});
