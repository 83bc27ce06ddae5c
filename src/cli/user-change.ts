/** `couponlive user activate|deactivate|role|reset-password`. */
import { Argument, type Command } from "commander";
import type { MemberRecord } from "../server/members/accounts.ts";
import type { MemberChange } from "../server/members/administration.ts";
import type { Role } from "../server/members/tokens.ts";
import { accountRefusal } from "./account-refusal.ts";
import { cliActor } from "./actor.ts";
import { type DatabaseFlags, onDatabase, print, withDatabaseOptions } from "./database-command.ts";
import { describeMember } from "./user-list.ts";

/** Adds the commands that change one account. */
export function addUserChangeCommands(user: Command): void {
  memberCommand(user, "deactivate", "Switches an account off: no claims, no coupons, no log-in.")
    .addHelpText("after", exampleOf("deactivate kim@example.com"))
    .action(async (member: string, flags: DatabaseFlags) => {
      const said = "inactive: running servers refuse this member within a second";
      await change(member, flags, { active: false }, said);
    });
  memberCommand(user, "activate", "Switches an account on again.")
    .addHelpText("after", exampleOf("activate kim@example.com"))
    .action(async (member: string, flags: DatabaseFlags) => {
      await change(member, flags, { active: true }, "active");
    });
  memberCommand(user, "role", "Makes an account an administrator's, or a member's again.")
    .addArgument(new Argument("<role>", "what it may do").choices(["member", "admin"]))
    .addHelpText("after", exampleOf("role kim@example.com admin"))
    .action(async (member: string, role: Role, flags: DatabaseFlags) => {
      const said =
        role === "admin"
          ? "an administrator from the next log-in"
          : "a member: administrators' tokens of this account are refused from now on";
      await change(member, flags, { role }, said);
    });
  memberCommand(user, "reset-password", "Gives an account a new password, asked for or from stdin.")
    .addHelpText("after", exampleOf("reset-password kim@example.com"))
    .action(resetPassword);
}

function memberCommand(user: Command, name: string, description: string): Command {
  return withDatabaseOptions(user.command(name))
    .description(description)
    .argument("<member>", "the member's id or e-mail");
}

function exampleOf(line: string): string {
  return `\nExample:\n  couponlive user ${line}`;
}

async function resetPassword(member: string, flags: DatabaseFlags): Promise<void> {
  const { readNewPassword } = await import("./password.ts");
  await onMember(member, flags, async (update) => {
    const changed = await update({ password: await readNewPassword() });
    report(flags, changed, "has a new password; tokens issued before are valid until they expire");
  });
}

async function change(
  member: string,
  flags: DatabaseFlags,
  wanted: MemberChange,
  said: string,
): Promise<void> {
  await onMember(member, flags, async (update) => report(flags, await update(wanted), said));
}

/** Finds the account first, so that nobody types a password for one that is not there. */
async function onMember(
  member: string,
  flags: DatabaseFlags,
  work: (update: (change: MemberChange) => Promise<MemberRecord>) => Promise<void>,
): Promise<void> {
  const [{ AccountError }, { requireMember }, { changeMember }] = await Promise.all([
    import("../server/members/account-error.ts"),
    import("../server/members/accounts.ts"),
    import("../server/members/administration.ts"),
  ]);
  await onDatabase(flags, "change", async (database) => {
    try {
      const { memberId } = await requireMember(database, member);
      await work((wanted) => changeMember(database, memberId, wanted, cliActor()));
    } catch (error) {
      throw error instanceof AccountError ? accountRefusal(error) : error;
    }
  });
}

function report(flags: DatabaseFlags, member: MemberRecord, said: string): void {
  print(flags.json ? describeMember(member) : `${member.memberId}: ${said}`);
}
