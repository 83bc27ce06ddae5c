/** Pages through the accounts. */
import { and, asc, eq, gt, gte, lt, type SQL, sql } from "drizzle-orm";
import { users } from "../../../schema/tables.ts";
import type { Database } from "../database.ts";
import { withoutValuesInErrors } from "../query-error.ts";
import { normalizeEmail } from "./account-rules.ts";
import { type MemberRecord, recordColumns } from "./accounts.ts";
import { MAX_MEMBERS_PAGE_ROWS } from "./limits.ts";
import type { Role } from "./tokens.ts";

export interface MemberQuery {
  /** Only e-mails that begin so, in whatever case; the page is then in the order of e-mails. */
  readonly emailPrefix?: string | undefined;
  readonly role?: Role | undefined;
  readonly active?: boolean | undefined;
  /** The last member of the page before; undefined for the first page. */
  readonly afterId?: string | undefined;
  /** 1 to MAX_MEMBERS_PAGE_ROWS. */
  readonly limit: number;
}

export interface MemberPage {
  readonly members: readonly MemberRecord[];
  /** The `afterId` of the next page; null on the last one. */
  readonly nextAfterId: string | null;
}

/** Sorts behind every character, in UTF-8 as SQLite compares. */
const LAST_CHARACTER = "\u{10ffff}";

/** One page of the accounts that fulfil the query, in the order of ids, or of e-mails with a prefix. */
export async function listMembers({ orm }: Database, query: MemberQuery): Promise<MemberPage> {
  const { emailPrefix, role, active, afterId } = query;
  const limit = Math.min(query.limit, MAX_MEMBERS_PAGE_ROWS);
  const conditions: (SQL | undefined)[] = [
    role === undefined ? undefined : eq(users.role, role),
    active === undefined ? undefined : isActive(active),
  ];
  if (emailPrefix !== undefined) {
    const prefix = normalizeEmail(emailPrefix);
    conditions.push(gte(users.email, prefix), lt(users.email, prefix + LAST_CHARACTER));
  }
  if (afterId !== undefined) {
    conditions.push(
      emailPrefix === undefined
        ? gt(users.id, afterId)
        : gt(users.email, sql`(SELECT email FROM ${users} AS last WHERE last.id = ${afterId})`),
    );
  }
  const rows = await withoutValuesInErrors(
    orm
      .select(recordColumns)
      .from(users)
      .where(and(...conditions))
      .orderBy(asc(emailPrefix === undefined ? users.id : users.email))
      .limit(limit + 1),
  );
  const members = rows.slice(0, limit);
  const last = members.at(-1);
  return {
    members,
    nextAfterId: last !== undefined && rows.length > limit ? last.memberId : null,
  };
}

/** The number itself, so that the partial index of inactive accounts serves. */
function isActive(active: boolean): SQL {
  return active ? sql`${users.active} = 1` : sql`${users.active} = 0`;
}
