/** `couponlive user list` and `couponlive user show`. */
import { type Command, Option } from "commander";
import type { MemberRecord } from "../server/members/accounts.ts";
import { DEFAULT_MEMBERS_PAGE_ROWS, MAX_MEMBERS_PAGE_ROWS } from "../server/members/limits.ts";
import { accountRefusal } from "./account-refusal.ts";
import { wholeNumber } from "./count.ts";
import { type DatabaseFlags, onDatabase, print, withDatabaseOptions } from "./database-command.ts";
import { formatTable } from "./table.ts";

interface ListFlags extends DatabaseFlags {
  readonly email?: string;
  readonly role?: "member" | "admin";
  readonly inactive?: true;
  readonly after?: string;
  readonly limit: number;
}

/** Adds `list` to `couponlive user`. */
export function addUserListCommand(user: Command): void {
  withDatabaseOptions(user.command("list"))
    .description("Lists accounts by id, a page at a time.")
    .option("--email <prefix>", "only those whose e-mail begins so, by e-mail")
    .addOption(
      new Option("--role <role>", "only those with this role").choices(["member", "admin"]),
    )
    .option("--inactive", "only those that are switched off")
    .option("--after <id>", "go on behind this member")
    .option(
      "--limit <n>",
      "how many at once",
      wholeNumber(1, MAX_MEMBERS_PAGE_ROWS),
      DEFAULT_MEMBERS_PAGE_ROWS,
    )
    .addHelpText(
      "after",
      `
Examples:
  couponlive user list --email kim
  couponlive user list --role admin --json`,
    )
    .action(list);
}

/** Adds `show` to `couponlive user`. */
export function addUserShowCommand(user: Command): void {
  withDatabaseOptions(user.command("show"))
    .description("Shows an account.")
    .argument("<member>", "the member's id or e-mail")
    .addHelpText(
      "after",
      `
Example:
  couponlive user show kim@example.com`,
    )
    .action(show);
}

async function list(flags: ListFlags): Promise<void> {
  const { listMembers } = await import("../server/members/listing.ts");
  await onDatabase(flags, "read", async (database) => {
    const { members, nextAfterId } = await listMembers(database, {
      emailPrefix: flags.email,
      role: flags.role,
      active: flags.inactive ? false : undefined,
      afterId: flags.after,
      limit: flags.limit,
    });
    if (flags.json) return print({ users: members.map(describeMember), nextAfterId });
    if (members.length === 0) return print("No accounts.");
    const heading = ["ID", "E-MAIL", "NAME", "ROLE", "STATE", "LOGIN"];
    const rows = members.map((member) => [
      member.memberId,
      member.email ?? "-",
      member.name ?? "-",
      member.role,
      member.active ? "active" : "inactive",
      member.hasPassword ? "password" : "-",
    ]);
    print(formatTable([heading, ...rows]));
    if (nextAfterId !== null) print(`More: --after ${nextAfterId}`);
  });
}

async function show(member: string, flags: DatabaseFlags): Promise<void> {
  const [{ AccountError }, { requireMember }] = await Promise.all([
    import("../server/members/account-error.ts"),
    import("../server/members/accounts.ts"),
  ]);
  await onDatabase(flags, "read", async (database) => {
    try {
      const found = await requireMember(database, member);
      print(flags.json ? describeMember(found) : memberText(found));
    } catch (error) {
      throw error instanceof AccountError ? accountRefusal(error) : error;
    }
  });
}

/** An account as `--json` prints it. */
export function describeMember({ createdAtMs, ...member }: MemberRecord) {
  return { ...member, createdAt: new Date(createdAtMs).toISOString() };
}

function memberText(member: MemberRecord): string {
  return formatTable([
    ["id", member.memberId],
    ["e-mail", member.email ?? "-"],
    ["name", member.name ?? "-"],
    ["role", member.role],
    ["state", member.active ? "active" : "inactive: every server refuses this member"],
    ["login", member.hasPassword ? "with a password" : "not here: the account has no password"],
    ["created", new Date(member.createdAtMs).toISOString()],
  ]);
}
