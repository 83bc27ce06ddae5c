/** `couponlive user`: members' accounts. */
import type { Command } from "commander";
import { CliError } from "../exit-codes.ts";
import { accountRefusal } from "./account-refusal.ts";
import { cliActor } from "./actor.ts";
import { parseCount } from "./count.ts";
import { type DatabaseFlags, onDatabase, print, withDatabaseOptions } from "./database-command.ts";
import { group, rateText, startProgress } from "./progress.ts";
import { addUserChangeCommands } from "./user-change.ts";
import { addUserImportCommand } from "./user-import.ts";
import { addUserListCommand, addUserShowCommand } from "./user-list.ts";

interface SeedFlags extends DatabaseFlags {
  readonly count: number;
  readonly passwordStdin?: true;
}

interface CreateFlags extends DatabaseFlags {
  readonly email?: string;
  readonly id?: string;
  readonly name?: string;
  readonly admin?: true;
  /** False with `--no-password`. */
  readonly password: boolean;
}

/** Adds `couponlive user`. */
export function addUserCommand(program: Command): void {
  const user = program.command("user").description("Sets up members' accounts.");
  addCreateCommand(user);
  addUserImportCommand(user);
  addUserListCommand(user);
  addUserShowCommand(user);
  addUserChangeCommands(user);
  addSeedCommand(user);
}

function addCreateCommand(user: Command): void {
  withDatabaseOptions(user.command("create"))
    .description("Makes an account. Its password is asked for, or read from stdin.")
    .option("--email <email>", "what the member logs in with")
    .option("--id <id>", "the member's id (default: a new UUID)")
    .option("--name <name>", "what the member is called")
    .option("--admin", "let the account administer events")
    .option("--no-password", "ask for none: the account cannot log in here")
    .addHelpText(
      "after",
      `
Examples:
  couponlive user create --email kim@example.com --name Kim --admin
  pass show couponlive/kim | couponlive user create --email kim@example.com
  couponlive user create --id auth0-42 --no-password     # a member of an identity provider`,
    )
    .action(create);
}

function addSeedCommand(user: Command): void {
  withDatabaseOptions(user.command("seed"))
    .description("Makes numbered accounts, for rehearsals: member-0000001 and so on.")
    .requiredOption(
      "--count <n>",
      "how many there are to be; those that exist are kept",
      parseCount,
    )
    .option("--password-stdin", "read from stdin one password that all the new ones share")
    .addHelpText(
      "after",
      `
Their e-mails are member-0000001@example.test and so on. Without a password they cannot log in;
tokens for them come from \`couponlive token seed\`. Not for a database that real members use.

Example: a million accounts in a few seconds
  couponlive user seed --count 1000000`,
    )
    .action(seed);
}

async function create(flags: CreateFlags): Promise<void> {
  const { email, id, name } = flags;
  if (email === undefined && (id === undefined || flags.password)) {
    throw new CliError(
      "an account needs --email, or --id with --no-password for a member of an identity provider",
    );
  }
  const [{ AccountError }, { brokenRule, normalizeEmail }, { createMember }] = await Promise.all([
    import("../server/members/account-error.ts"),
    import("../server/members/account-rules.ts"),
    import("../server/members/accounts.ts"),
  ]);
  // Before a password is typed in vain.
  const broken = brokenRule({
    id,
    name,
    email: email === undefined ? undefined : normalizeEmail(email),
  });
  if (broken !== undefined) throw new CliError(broken);
  const role = flags.admin ? "admin" : "member";
  const password = flags.password
    ? await (await import("./password.ts")).readNewPassword()
    : undefined;
  await onDatabase(flags, "create", async (database) => {
    try {
      const account = { id, email, name, password, role } as const;
      const { memberId } = await createMember(database, account, cliActor());
      print(flags.json ? { memberId, role } : `Account made: ${memberId} (${role})`);
    } catch (error) {
      throw error instanceof AccountError ? accountRefusal(error) : error;
    }
  });
}

async function seed(flags: SeedFlags): Promise<void> {
  const passwordHash = flags.passwordStdin ? await hashSharedPassword() : undefined;
  await onDatabase(flags, "create", async (database) => {
    const { seedMembers } = await import("../server/members/seed.ts");
    const progress = startProgress(flags.count, "members");
    const added = await seedMembers(database, flags.count, {
      actor: cliActor(),
      ...(passwordHash === undefined ? {} : { passwordHash }),
      onProgress: progress.update,
    });
    const summary = progress.finish();
    print(
      flags.json
        ? { ...summary, added }
        : `${group(flags.count)} members are there, ${group(added)} of them new, ${rateText(summary)}`,
    );
  });
}

async function hashSharedPassword(): Promise<string> {
  const { hashPassword, isPasswordLength, PASSWORD_RULE } = await import(
    "../server/members/passwords.ts"
  );
  const { readPasswordLine } = await import("./password.ts");
  const password = await readPasswordLine();
  if (!isPasswordLength(password)) throw new CliError(PASSWORD_RULE);
  return await hashPassword(password);
}
