/**
 * What an administrator changes about accounts: the command line and the admin routes call these
 * same functions. Each change is one transaction with its row in the audit.
 */
import { eq } from "drizzle-orm";
import { users } from "../../../schema/tables.ts";
import { type Actor, recordAudit } from "../audit.ts";
import type { Database } from "../database.ts";
import { changeCatalogue } from "../events/change.ts";
import type { Queryable } from "../events/event-rows.ts";
import { inWriteTransaction } from "../write-transaction.ts";
import { AccountError, unknownMember } from "./account-error.ts";
import { brokenRule } from "./account-rules.ts";
import { findMember, type MemberRecord, recordColumns } from "./accounts.ts";
import { hashPassword } from "./passwords.ts";
import type { Role } from "./tokens.ts";

/** What is to become of an account; what is left out stays. */
export interface MemberChange {
  /** False: every server refuses the member's tokens within a second, and logins at once. */
  readonly active?: boolean | undefined;
  readonly role?: Role | undefined;
  /** Null for no name. */
  readonly name?: string | null | undefined;
  /** Tokens that were issued before stay valid until they expire. */
  readonly password?: string | undefined;
}

/**
 * Changes an account, all of it or nothing. What is already so is no change, and is not audited.
 *
 * @throws AccountError (`invalid_input`, `unknown_member`)
 * @throws LoginOverloadedError when too many passwords are being hashed.
 */
export async function changeMember(
  database: Database,
  memberId: string,
  change: MemberChange,
  actor: Actor,
  nowMs: number = Date.now(),
): Promise<MemberRecord> {
  const broken = brokenRule({ name: change.name, password: change.password });
  if (broken !== undefined) throw new AccountError("invalid_input", broken);
  const { active, role, name, password } = change;
  const passwordHash = password === undefined ? undefined : await hashPassword(password);
  const work = async (transaction: Queryable) => {
    const before = await findMember({ orm: transaction }, memberId);
    if (before === undefined) throw unknownMember();
    for (const entry of auditEntries(before, change)) {
      await recordAudit(transaction, { ...entry, actor, subject: memberId, atMs: nowMs });
    }
    const update = { active, role, name, passwordHash };
    if (Object.values(update).every((value) => value === undefined)) return before;
    const [after] = await transaction
      .update(users)
      .set(update)
      .where(eq(users.id, memberId))
      .returning(recordColumns);
    if (after === undefined) throw unknownMember();
    return after;
  };
  // Servers follow who is switched off; the rest they read when they need it.
  return active === undefined
    ? await inWriteTransaction(database, work)
    : await changeCatalogue(database, work);
}

function* auditEntries(before: MemberRecord, { active, role, name, password }: MemberChange) {
  if (active !== undefined && active !== before.active) {
    yield { action: active ? "user.activate" : "user.deactivate" };
  }
  if (role !== undefined && role !== before.role) {
    yield { action: "user.role", details: { from: before.role, to: role } };
  }
  if (name !== undefined && name !== before.name) yield { action: "user.rename" };
  if (password !== undefined) yield { action: "user.reset_password" };
}
