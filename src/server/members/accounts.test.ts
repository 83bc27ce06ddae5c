import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { eq } from "drizzle-orm";
import { audit, users } from "../../../schema/tables.ts";
import { type TemporaryDirectory, temporaryDirectory } from "../../../test/support/temp.ts";
import { type Database, openDatabase } from "../database.ts";
import { checkPassword, createMember, findMemberByEmail, registerMember } from "./accounts.ts";
import { HASH_OF_NOTHING, LoginOverloadedError, MAX_CONCURRENT_HASHINGS } from "./passwords.ts";

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

const actor = "cli:test";
const password = "correct horse battery";

describe("createMember", () => {
  test("makes an active member with an id of its own and a lower-case e-mail", async () => {
    const member = await createMember(
      database,
      { email: " Kim@Example.TEST ", name: "김", password },
      actor,
      1_700_000_000_000,
    );
    expect(member).toEqual({
      memberId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      email: "kim@example.test",
      name: "김",
      role: "member",
      active: true,
      hasPassword: true,
      createdAtMs: 1_700_000_000_000,
    });
    expect(await findMemberByEmail(database, "KIM@example.test")).toEqual(member);
    const [row] = await database.orm.select().from(users).where(eq(users.id, member.memberId));
    expect(row?.createdAtMs).toBe(1_700_000_000_000);
  });

  test("keeps the password as argon2id with OWASP's parameters, salted", async () => {
    const hashes = [];
    for (const email of ["salt-1@example.test", "salt-2@example.test"]) {
      const { memberId } = await createMember(database, { email, password }, actor);
      const [row] = await database.orm.select().from(users).where(eq(users.id, memberId));
      hashes.push(row?.passwordHash);
    }
    const parameters = "$argon2id$v=19$m=19456,t=2,p=1$";
    expect(hashes[0]).toStartWith(parameters);
    expect(hashes[0]).not.toBe(hashes[1]);
    // Else an unknown e-mail would take another time than a wrong password.
    expect(HASH_OF_NOTHING).toStartWith(parameters);
  });

  test("needs an e-mail or an id, and no password", async () => {
    await expect(createMember(database, { password }, actor)).rejects.toMatchObject({
      code: "invalid_input",
    });
    expect(await createMember(database, { id: "outside-1" }, actor)).toMatchObject({
      memberId: "outside-1",
      email: null,
      hasPassword: false,
    });
  });

  test("refuses an id or an e-mail that another member has, and says which", async () => {
    await createMember(database, { id: "first", email: "first@example.test", password }, actor);
    const sameId = createMember(
      database,
      { id: "first", email: "new@example.test", password },
      actor,
    );
    await expect(sameId).rejects.toMatchObject({ code: "id_taken" });
    const sameEmail = createMember(database, { email: "FIRST@example.test", password }, actor);
    await expect(sameEmail).rejects.toMatchObject({ code: "email_taken" });
    expect(await findMemberByEmail(database, "new@example.test")).toBeUndefined();
  });

  test.each([
    { id: "" },
    { id: "a\nb" },
    { email: "" },
    { email: "no-at-sign" },
    { email: `${"x".repeat(250)}@example.test` },
    { name: "" },
    { name: "a\u0000b" },
    { name: "x".repeat(201) },
    { password: "1234567" },
    { password: "x".repeat(257) },
  ])("refuses %j", async (wrong) => {
    const creation = createMember(
      database,
      { email: "ok@example.test", password, ...wrong },
      actor,
    );
    await expect(creation).rejects.toMatchObject({ code: "invalid_input" });
    expect(await findMemberByEmail(database, "ok@example.test")).toBeUndefined();
  });
});

describe("registerMember", () => {
  test("makes a member with an id of its own, and audits it as the member's doing", async () => {
    const registration = { email: "new@example.test", name: "New", password };
    const { memberId, role } = await registerMember(database, registration, 7);
    expect(role).toBe("member");
    const entries = await database.orm.select().from(audit).where(eq(audit.subject, memberId));
    expect(entries).toMatchObject([
      {
        atMs: 7,
        actor: `member:${memberId}`,
        action: "user.register",
        details: '{"role":"member"}',
      },
    ]);
    await expect(registerMember(database, registration)).rejects.toMatchObject({
      code: "email_taken",
    });
  });
});

describe("checkPassword", () => {
  beforeAll(async () => {
    await createMember(
      database,
      {
        id: "lee",
        email: "lee@example.test",
        password,
        role: "admin",
      },
      actor,
    );
  });

  test("returns the member for the right password, in any case of the e-mail", async () => {
    expect(await checkPassword(database, "Lee@Example.test", password)).toEqual({
      memberId: "lee",
      email: "lee@example.test",
      name: null,
      role: "admin",
      active: true,
    });
  });

  test.each([
    ["a wrong password", "lee@example.test", "correct horse batterz"],
    ["another case of the password", "lee@example.test", password.toUpperCase()],
    ["an unknown e-mail", "nobody@example.test", password],
    ["an empty e-mail", "", password],
    ["a password that is too short", "lee@example.test", "1234567"],
    ["a password that is too long", "lee@example.test", "x".repeat(257)],
  ])("returns nobody for %s", async (_, email, tried) => {
    expect(await checkPassword(database, email, tried)).toBeUndefined();
  });

  test("returns nobody for an inactive member, nor for one without a password", async () => {
    await createMember(database, { id: "gone", email: "gone@example.test", password }, actor);
    expect(await checkPassword(database, "gone@example.test", password)).toBeDefined();
    await database.orm.update(users).set({ active: false }).where(eq(users.id, "gone"));
    expect(await checkPassword(database, "gone@example.test", password)).toBeUndefined();

    await database.orm
      .insert(users)
      .values({ id: "outside", email: "outside@example.test", createdAtMs: 0 });
    expect(await checkPassword(database, "outside@example.test", password)).toBeUndefined();
  });

  test("takes logins up to the limit at once and refuses those beyond it, known or not", async () => {
    const beyond = 4;
    const logins = Array.from({ length: MAX_CONCURRENT_HASHINGS + beyond }, (_, index) =>
      checkPassword(
        database,
        index % 2 === 0 ? "lee@example.test" : "nobody@example.test",
        password,
      ),
    );
    const settled = await Promise.allSettled(logins);
    const refused = settled.filter((result) => result.status === "rejected");
    expect(refused.length).toBe(beyond);
    for (const { reason } of refused) expect(reason).toBeInstanceOf(LoginOverloadedError);
    // The places are free again.
    expect(await checkPassword(database, "lee@example.test", password)).toBeDefined();
  });
});
