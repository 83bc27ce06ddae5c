/** Members' own accounts: made by an administrator or by the member, and logged in to by e-mail. */
import { eq, sql } from "drizzle-orm";
import { users } from "../../../schema/tables.ts";
import { type Actor, recordAudit } from "../audit.ts";
import type { Database } from "../database.ts";
import type { Queryable } from "../events/event-rows.ts";
import { withoutValuesInErrors } from "../query-error.ts";
import { inWriteTransaction } from "../write-transaction.ts";
import { AccountError, unknownMember } from "./account-error.ts";
import { brokenRule, normalizeEmail } from "./account-rules.ts";
import { hashPassword, verifyPassword } from "./passwords.ts";
import type { Role } from "./tokens.ts";

/** An account, without its password. */
export interface Member {
  readonly memberId: string;
  /** In lower case; null for a member known by id only. */
  readonly email: string | null;
  readonly name: string | null;
  readonly role: Role;
  readonly active: boolean;
}

/** What an administrator sees of an account. */
export interface MemberRecord extends Member {
  /** False for an account that cannot log in here. */
  readonly hasPassword: boolean;
  readonly createdAtMs: number;
}

export interface NewMember {
  /** By default a new UUID, version 7. */
  readonly id?: string | undefined;
  /** May be left out where an id is given: a member of an identity provider, known by id only. */
  readonly email?: string | undefined;
  readonly name?: string | undefined;
  /** Left out for an account that cannot log in here. */
  readonly password?: string | undefined;
  readonly role?: Role | undefined;
}

const memberColumns = {
  memberId: users.id,
  email: users.email,
  name: users.name,
  role: users.role,
  active: users.active,
};

/** The columns of a MemberRecord. */
export const recordColumns = {
  ...memberColumns,
  hasPassword: sql<boolean>`${users.passwordHash} IS NOT NULL`.mapWith(Boolean),
  createdAtMs: users.createdAtMs,
};

/**
 * Makes an account.
 *
 * @throws AccountError (`invalid_input`, `id_taken`, `email_taken`)
 * @throws LoginOverloadedError when too many passwords are being hashed.
 */
export async function createMember(
  database: Database,
  member: NewMember,
  actor: Actor,
  nowMs: number = Date.now(),
): Promise<MemberRecord> {
  return await addMember(database, member, () => ({ actor, action: "user.create" }), nowMs);
}

/**
 * Makes an account for somebody who is not known yet. They choose neither their id, which might be
 * another's at an identity provider, nor their role.
 *
 * @throws AccountError and LoginOverloadedError as `createMember` does.
 */
export async function registerMember(
  database: Database,
  { email, name, password }: { email: string; name?: string | undefined; password: string },
  nowMs: number = Date.now(),
): Promise<MemberRecord> {
  const register = (id: string) =>
    ({ actor: `member:${id}`, action: "user.register" }) satisfies { actor: Actor; action: string };
  return await addMember(database, { email, name, password }, register, nowMs);
}

async function addMember(
  database: Database,
  { id: givenId, email: givenEmail, name, password, role = "member" }: NewMember,
  authorship: (memberId: string) => { readonly actor: Actor; readonly action: string },
  nowMs: number,
): Promise<MemberRecord> {
  const id = givenId ?? Bun.randomUUIDv7();
  const email = givenEmail === undefined ? undefined : normalizeEmail(givenEmail);
  if (email === undefined && givenId === undefined) {
    throw new AccountError("invalid_input", "an account needs an e-mail or an id");
  }
  const broken = brokenRule({ id, email, name, password });
  if (broken !== undefined) throw new AccountError("invalid_input", broken);
  const passwordHash = password === undefined ? null : await hashPassword(password);
  return await inWriteTransaction(database, async (transaction) => {
    const [created] = await transaction
      .insert(users)
      .values({ id, email, name, passwordHash, role, createdAtMs: nowMs })
      .onConflictDoNothing()
      .returning(recordColumns);
    if (created === undefined) throw await whoseItIs(transaction, id);
    await recordAudit(transaction, {
      ...authorship(id),
      subject: id,
      details: { role },
      atMs: nowMs,
    });
    return created;
  });
}

async function whoseItIs(transaction: Queryable, id: string): Promise<AccountError> {
  const holder = await transaction.select(memberColumns).from(users).where(eq(users.id, id));
  if (holder.length > 0) return new AccountError("id_taken", "another member has this id");
  return new AccountError("email_taken", "another member has this e-mail");
}

/** The account with this id; undefined for none. */
export async function findMember(
  { orm }: { readonly orm: Queryable },
  memberId: string,
): Promise<MemberRecord | undefined> {
  const [member] = await withoutValuesInErrors(
    orm.select(recordColumns).from(users).where(eq(users.id, memberId)),
  );
  return member;
}

/** The account with this e-mail, in whatever case it is written. */
export async function findMemberByEmail(
  { orm }: Database,
  email: string,
): Promise<MemberRecord | undefined> {
  const [member] = await withoutValuesInErrors(
    orm
      .select(recordColumns)
      .from(users)
      .where(eq(users.email, normalizeEmail(email))),
  );
  return member;
}

/**
 * The account that an administrator named by its id, or else by its e-mail.
 *
 * @throws AccountError `unknown_member`
 */
export async function requireMember(database: Database, idOrEmail: string): Promise<MemberRecord> {
  const member =
    (await findMember(database, idOrEmail)) ?? (await findMemberByEmail(database, idOrEmail));
  if (member === undefined) throw unknownMember();
  return member;
}

/**
 * The active member whose e-mail and password these are; undefined when any of that is not so.
 * Which of them it is cannot be told from the time it takes.
 *
 * @throws LoginOverloadedError when too many passwords are being checked.
 */
export async function checkPassword(
  { orm }: Database,
  email: string,
  password: string,
): Promise<Member | undefined> {
  if (brokenRule({ password }) !== undefined) return undefined;
  const [account] = await withoutValuesInErrors(
    orm
      .select({ member: memberColumns, passwordHash: users.passwordHash })
      .from(users)
      .where(eq(users.email, normalizeEmail(email))),
  );
  const isRight = await verifyPassword(password, account?.passwordHash ?? null);
  return isRight && account?.member.active ? account.member : undefined;
}
