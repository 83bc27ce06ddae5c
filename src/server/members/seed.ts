/** Members for rehearsals: numbered accounts, made by the million. */
import { setImmediate as nextTurn } from "node:timers/promises";
import { sql } from "drizzle-orm";
import { users } from "../../../schema/tables.ts";
import { type Actor, recordAudit } from "../audit.ts";
import type { Database } from "../database.ts";
import { withoutValuesInErrors } from "../query-error.ts";
import { inWriteTransaction } from "../write-transaction.ts";

/** One statement, one commit: a pause of the calling thread of some hundredths of a second. */
const CHUNK_ROWS = 20_000;

const ID_DIGITS = 7;
const ID_PREFIX = "member-";
const EMAIL_DOMAIN = "@example.test";

export interface SeedOptions {
  readonly actor: Actor;
  /** The argon2id hash that every added account shares; without it they cannot log in. */
  readonly passwordHash?: string;
  /** Told after each chunk how many of the `count` are there. */
  readonly onProgress?: (done: number) => void;
  readonly nowMs?: number;
}

/** The id of the seeded member with this number, counted from 1: `member-0000001`. */
export function seedMemberId(index: number): string {
  return `${ID_PREFIX}${String(index).padStart(ID_DIGITS, "0")}`;
}

/** The e-mail of the seeded member with this number: `member-0000001@example.test`. */
export function seedMemberEmail(index: number): string {
  return `${seedMemberId(index)}${EMAIL_DOMAIN}`;
}

/**
 * Makes sure that the members numbered 1 to `count` exist. Those that do are left as they are, so
 * that a repeat adds what is missing.
 *
 * @returns How many were added.
 * @throws RangeError when the count is not a whole number, 0 or more.
 */
export async function seedMembers(
  database: Database,
  count: number,
  options: SeedOptions,
): Promise<number> {
  if (!Number.isSafeInteger(count) || count < 0) {
    throw new RangeError("the count of members is a whole number, 0 or more");
  }
  let added = 0;
  for (let first = 1; first <= count; first += CHUNK_ROWS) {
    const last = Math.min(first + CHUNK_ROWS - 1, count);
    added += await seedChunk(database, first, last, options);
    options.onProgress?.(last);
    await nextTurn();
  }
  if (added > 0) {
    const { actor, nowMs: atMs = Date.now() } = options;
    const details = { count, added };
    await inWriteTransaction(database, (transaction) =>
      recordAudit(transaction, { actor, action: "user.seed", details, atMs }),
    );
  }
  return added;
}

/** The numbers are made by the database itself: no row crosses into JavaScript. */
async function seedChunk(
  { orm }: Database,
  first: number,
  last: number,
  { passwordHash, nowMs = Date.now() }: SeedOptions,
): Promise<number> {
  const columns = sql.join(
    [users.id, users.email, users.passwordHash, users.role, users.active, users.createdAtMs].map(
      (column) => sql.identifier(column.name),
    ),
    sql`, `,
  );
  const id = sql`printf(${`${ID_PREFIX}%0${ID_DIGITS}d`}, n)`;
  const statement = sql`
    WITH RECURSIVE numbers(n) AS (SELECT ${first} UNION ALL SELECT n + 1 FROM numbers WHERE n < ${last})
    INSERT INTO ${users} (${columns})
    SELECT ${id}, ${id} || ${EMAIL_DOMAIN}, ${passwordHash ?? null}, 'member', 1, ${nowMs}
    FROM numbers WHERE true
    ON CONFLICT (${sql.identifier(users.id.name)}) DO NOTHING`;
  return (await withoutValuesInErrors(orm.run(statement))).rowsAffected;
}
