/** Members' own accounts: made by an administrator, and logged in to by e-mail and password. */
import { eq } from "drizzle-orm";
import { z } from "zod";
import { users } from "../../../schema/tables.ts";
import type { Database } from "../database.ts";
import { withoutValuesInErrors } from "../query-error.ts";
import { isMemberId, MEMBER_ID_RULE } from "./member-id.ts";
import { hashPassword, isPasswordLength, PASSWORD_RULE, verifyPassword } from "./passwords.ts";
import type { Role } from "./tokens.ts";

export { LoginOverloadedError } from "./passwords.ts";

/** RFC 5321, section 4.5.3.1.3: a path of 256 octets, less its angle brackets. */
const MAX_EMAIL_LENGTH = 254;
const MAX_NAME_LENGTH = 200;

/** An account, without its password. */
export interface Member {
  readonly memberId: string;
  /** In lower case; null for a member known by id only. */
  readonly email: string | null;
  readonly name: string | null;
  readonly role: Role;
  readonly active: boolean;
}

export interface NewMember {
  /** By default a new UUID, version 7. */
  readonly id?: string | undefined;
  readonly email: string;
  readonly name?: string | undefined;
  readonly password: string;
  readonly role?: Role;
}

/** A refusal in one plain sentence, without the member's data; nothing was changed. */
export class AccountError extends Error {
  readonly code: "invalid_input" | "id_taken" | "email_taken";

  constructor(code: AccountError["code"], message: string) {
    super(message);
    this.name = "AccountError";
    this.code = code;
  }
}

const memberColumns = {
  memberId: users.id,
  email: users.email,
  name: users.name,
  role: users.role,
  active: users.active,
};

/**
 * Makes an account that can log in.
 *
 * @throws AccountError when a field is not acceptable, or the id or e-mail belongs to another.
 * @throws LoginOverloadedError when too many passwords are being hashed.
 */
export async function createMember(
  { orm }: Database,
  { id = Bun.randomUUIDv7(), email, name, password, role = "member" }: NewMember,
  nowMs: number = Date.now(),
): Promise<Member> {
  const address = normalizeEmail(email);
  requireAcceptable(id, address, name, password);
  const passwordHash = await hashPassword(password);
  const [created] = await withoutValuesInErrors(
    orm
      .insert(users)
      .values({ id, email: address, name, passwordHash, role, createdAtMs: nowMs })
      .onConflictDoNothing()
      .returning(memberColumns),
  );
  if (created !== undefined) return created;
  const holder = await withoutValuesInErrors(
    orm.select(memberColumns).from(users).where(eq(users.id, id)),
  );
  if (holder.length > 0) throw new AccountError("id_taken", "another member has this id");
  throw new AccountError("email_taken", "another member has this e-mail");
}

/** The member with this e-mail, in whatever case it is written. */
export async function findMemberByEmail(
  database: Database,
  email: string,
): Promise<Member | undefined> {
  return (await findAccount(database, email))?.member;
}

/**
 * The active member whose e-mail and password these are; undefined when any of that is not so.
 * Which of them it is cannot be told from the time it takes.
 *
 * @throws LoginOverloadedError when too many passwords are being checked.
 */
export async function checkPassword(
  database: Database,
  email: string,
  password: string,
): Promise<Member | undefined> {
  if (!isPasswordLength(password)) return undefined;
  const account = await findAccount(database, email);
  const isRight = await verifyPassword(password, account?.passwordHash ?? null);
  return isRight && account?.member.active ? account.member : undefined;
}

async function findAccount(
  { orm }: Database,
  email: string,
): Promise<{ member: Member; passwordHash: string | null } | undefined> {
  const [account] = await withoutValuesInErrors(
    orm
      .select({ member: memberColumns, passwordHash: users.passwordHash })
      .from(users)
      .where(eq(users.email, normalizeEmail(email))),
  );
  return account;
}

function normalizeEmail(email: string): string {
  return email.trim().toLowerCase();
}

function requireAcceptable(
  id: string,
  email: string,
  name: string | undefined,
  password: string,
): void {
  const demand = (isAcceptable: boolean, rule: string) => {
    if (!isAcceptable) throw new AccountError("invalid_input", rule);
  };
  demand(isMemberId(id), MEMBER_ID_RULE);
  demand(
    email.length <= MAX_EMAIL_LENGTH && z.email().safeParse(email).success,
    "the e-mail must look like name@example.com",
  );
  demand(
    name === undefined || isName(name),
    `the name must have 1 to ${MAX_NAME_LENGTH} characters and no control characters`,
  );
  demand(isPasswordLength(password), PASSWORD_RULE);
}

function isName(name: string): boolean {
  return name.length > 0 && name.length <= MAX_NAME_LENGTH && !/\p{Cc}/u.test(name);
}
