import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { count, eq } from "drizzle-orm";
import { users } from "../../../schema/tables.ts";
import { type TemporaryDirectory, temporaryDirectory } from "../../../test/support/temp.ts";
import { type Database, openDatabase } from "../database.ts";
import { seedMemberEmail, seedMemberId, seedMembers } from "./seed.ts";

const actor = "program";
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

async function memberCount(): Promise<number | undefined> {
  return (await database.orm.select({ n: count() }).from(users))[0]?.n;
}

describe("seedMemberId", () => {
  test.each([
    [1, "member-0000001"],
    [9_999_999, "member-9999999"],
    [10_000_000, "member-10000000"],
  ])("%d is %s", (index, id) => {
    expect(seedMemberId(index)).toBe(id);
    expect(seedMemberEmail(index)).toBe(`${id}@example.test`);
  });
});

describe("seedMembers", () => {
  test("adds the numbered members, over more than one chunk, as the names say", async () => {
    const total = 20_000 * 2 + 1;
    const progress: number[] = [];
    const added = await seedMembers(database, total, {
      actor,
      passwordHash: "a hash",
      nowMs: 1_700_000_000_000,
      onProgress: (done) => progress.push(done),
    });
    expect(added).toBe(total);
    expect(await memberCount()).toBe(total);
    expect(progress).toEqual([20_000, 40_000, total]);
    for (const index of [1, 20_000, 20_001, total]) {
      const rows = await database.orm
        .select()
        .from(users)
        .where(eq(users.id, seedMemberId(index)));
      expect(rows).toEqual([
        {
          id: seedMemberId(index),
          email: seedMemberEmail(index),
          name: null,
          passwordHash: "a hash",
          role: "member",
          active: true,
          createdAtMs: 1_700_000_000_000,
        },
      ]);
    }
  });

  test("adds only what is missing, and leaves what is there as it is", async () => {
    await seedMembers(database, 10, { actor });
    await database.orm
      .update(users)
      .set({ active: false })
      .where(eq(users.id, seedMemberId(3)));
    await database.orm.delete(users).where(eq(users.id, seedMemberId(7)));
    expect(await seedMembers(database, 15, { actor })).toBe(6);
    expect(await seedMembers(database, 15, { actor })).toBe(0);
    expect(await memberCount()).toBe(15);
    const third = await database.orm
      .select()
      .from(users)
      .where(eq(users.id, seedMemberId(3)));
    expect(third[0]?.active).toBe(false);
    expect(third[0]?.passwordHash).toBeNull();
  });

  test("fails loudly when another member holds a seeded e-mail", async () => {
    await database.orm
      .insert(users)
      .values({ id: "someone", email: seedMemberEmail(2), createdAtMs: 0 });
    const seeding = seedMembers(database, 3, { actor, passwordHash: "a secret hash" });
    const error = await seeding.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(Error);
    expect(Bun.inspect(error)).toContain("users.email");
    expect(Bun.inspect(error)).not.toContain("a secret hash");
  });

  test("adds nobody for 0, and refuses what is not a count", async () => {
    expect(await seedMembers(database, 0, { actor })).toBe(0);
    for (const wrong of [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      await expect(seedMembers(database, wrong, { actor })).rejects.toThrow(RangeError);
    }
  });
});
