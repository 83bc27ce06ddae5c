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
Where lines are wrong, each is named by its number and nothing is imported.

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
  const { createReadStream } = await import("node:fs");
  const { once } = await import("node:events");
  const csv = createReadStream(path);
  try {
    await once(csv, "open");
    return csv;
  } catch (error) {
    const why = error instanceof Error && "code" in error ? error.code : error;
    throw new CliError(`${path} cannot be read (${why}): name a CSV file that you may read`);
  }
}

function notePlainPasswords(line: number): void {
  process.stderr.write(
    `line ${line} brings a plain password: hashing takes a core some hundredths of a second each; with password_hash it takes none\n`,
  );
}

function reportText({ imported, hashed }: ImportReport, rate: string): string {
  const passwords = hashed === 0 ? "" : `, ${group(hashed)} passwords hashed`;
  return `${group(imported)} members imported ${rate}${passwords}`;
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
