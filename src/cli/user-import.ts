/** `couponlive user import`. */
import type { Command } from "commander";
import { CliError } from "../exit-codes.ts";
import type { BadLinesError, ImportReport } from "../server/members/import.ts";
import { cliActor } from "./actor.ts";
import { type DatabaseFlags, onDatabase, print, withDatabaseOptions } from "./database-command.ts";
import { group, rateText, startProgress } from "./progress.ts";

/** Adds `import` to `couponlive user`. */
export function addUserImportCommand(user: Command): void {
  withDatabaseOptions(user.command("import"))
    .description("Makes accounts from a CSV file: all of them, or none.")
    .argument("<file>", "the CSV file, in UTF-8, or - for stdin")
    .addHelpText(
      "after",
      `
The first line names the columns, in any order: email, and as you have them id, name, role
(member or admin), and password_hash (argon2id, PHC format) or password. Accounts with neither
cannot log in. Hashing plain passwords takes a core some hundredths of a second each.
Where lines are wrong, each is named by its number and nothing is imported. All are inserted in
one transaction: while that lasts, a server on this database answers no claims on the embedded
engine, so import many before the giveaway, not during it.

Example:
  printf 'email,name,role\\nkim@example.com,Kim,admin\\n' > members.csv
  couponlive user import members.csv`,
    )
    .action(importFile);
}

async function importFile(path: string, flags: DatabaseFlags): Promise<void> {
  const { BadLinesError, importMembers } = await import("../server/members/import.ts");
  const csv = await openCsv(path);
  await onDatabase(flags, "create", async (database) => {
    const read = startProgress(undefined, "members read");
    const inserted = startProgress(undefined, "members inserted");
    try {
      const report = await importMembers(database, csv, {
        actor: cliActor(),
        onProgress: (step, count) => (step === "read" ? read : inserted).update(count),
        onPlainPassword: notePlainPasswords,
      });
      const summary = read.finish(report.imported);
      print(flags.json ? { ...report, ...summary } : reportText(report, rateText(summary)));
    } catch (error) {
      if (!(error instanceof BadLinesError)) throw error;
      throw refusal(error, flags);
    }
  });
}

async function openCsv(path: string) {
  if (path === "-") return process.stdin;
  const { open } = await import("node:fs/promises");
  try {
    const file = await open(path);
    if (!(await file.stat()).isDirectory()) return file.createReadStream();
    await file.close();
  } catch (error) {
    const why = error instanceof Error && "code" in error ? error.code : error;
    throw new CliError(`${path} cannot be read (${why}): name a CSV file that you may read`);
  }
  throw new CliError(`${path} is a folder: name a CSV file`);
}

function notePlainPasswords(line: number): void {
  process.stderr.write(
    `line ${line} brings a plain password: hashing takes a core some hundredths of a second each; with password_hash it takes none\n`,
  );
}

function reportText({ imported, hashed, lockedMs }: ImportReport, rate: string): string {
  const passwords = hashed === 0 ? "" : `, with ${counted(hashed, "password")} hashed`;
  const locked = `the database was locked for ${(lockedMs / 1_000).toFixed(1)} s of it`;
  return `${counted(imported, "member")} imported ${rate}${passwords}; ${locked}`;
}

function counted(count: number, noun: string): string {
  return `${group(count)} ${noun}${count === 1 ? "" : "s"}`;
}

/** Names the lines, and leaves the one line that says what became of it all to `main.ts`. */
function refusal({ badLines, count }: BadLinesError, flags: DatabaseFlags): CliError {
  if (flags.json) print({ imported: 0, badLineCount: count, badLines });
  for (const { line, problem } of flags.json ? [] : badLines) {
    process.stderr.write(`line ${line}: ${problem}\n`);
  }
  const more = count > badLines.length ? `, the first ${badLines.length} of them are named` : "";
  const lines = count === 1 ? "1 line is" : `${group(count)} lines are`;
  return new CliError(`nothing was imported: ${lines} wrong${more}`);
}
