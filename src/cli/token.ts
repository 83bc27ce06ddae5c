import { type Command, Option } from "commander";
import { readTokenConfig } from "../config.ts";
import { CliError } from "../exit-codes.ts";
import { parseCount } from "./count.ts";
import { duration, formatDuration, MAX_DURATION_MS } from "./duration.ts";
import { group, rateText, startProgress } from "./progress.ts";

/** Half a megabyte of text: what is made before it is handed to the output. */
const TOKENS_PER_WRITE = 2_000;

const DEFAULT_TTL_MS = { issue: 3_600_000, seed: 86_400_000 } as const;

interface IssueFlags {
  readonly user: string;
  readonly role: "member" | "admin";
  readonly ttl: number;
}

interface SeedFlags {
  readonly count: number;
  readonly out: string;
  readonly ttl: number;
  readonly force?: true;
}

/** Adds `couponlive token`. */
export function addTokenCommand(program: Command): void {
  const token = program
    .command("token")
    .description("Signs members' tokens with COUPONLIVE_JWT_SECRET.");
  addIssueCommand(token);
  addSeedCommand(token);
}

function addIssueCommand(token: Command): void {
  token
    .command("issue")
    .description("Prints a token for one member, who need not have an account.")
    .requiredOption("--user <id>", "the member's id")
    .addOption(
      new Option("--role <role>", "what the token allows")
        .choices(["member", "admin"])
        .default("member"),
    )
    .addOption(ttlOption("how long it is valid", DEFAULT_TTL_MS.issue))
    .addHelpText(
      "after",
      `
Example:
  TOKEN=$(couponlive token issue --user member-0000001 --ttl 15m)
  curl -X POST -H "authorization: Bearer $TOKEN" localhost:8080/v1/events/summer/claims`,
    )
    .action(issue);
}

function addSeedCommand(token: Command): void {
  token
    .command("seed")
    .description("Writes the tokens of the first members of `user seed`, one a line.")
    .requiredOption("--count <n>", "how many", parseCount)
    .requiredOption("--out <file>", "the file to write, or - for stdout")
    .addOption(ttlOption("how long they are valid", DEFAULT_TTL_MS.seed))
    .option("--force", "overwrite the file")
    .addHelpText(
      "after",
      `
Whoever holds the file can act as these members: only its owner may read it.

Example:
  couponlive token seed --count 1000000 --out tokens.txt`,
    )
    .action(seed);
}

function ttlOption(description: string, defaultMs: number): Option {
  return new Option("--ttl <duration>", description)
    .argParser(duration(MAX_DURATION_MS))
    .default(defaultMs, formatDuration(defaultMs));
}

async function issue({ user, role, ttl }: IssueFlags): Promise<void> {
  const { createTokenKeys, signToken } = await import("../server/members/tokens.ts");
  const { isMemberId, MEMBER_ID_RULE } = await import("../server/members/member-id.ts");
  if (!isMemberId(user)) throw new CliError(MEMBER_ID_RULE);
  const lifetimeSeconds = wholeSeconds(ttl);
  const keys = createTokenKeys(readTokenConfig());
  const token = await signToken(keys, { memberId: user, role, lifetimeSeconds });
  process.stdout.write(`${token}\n`);
}

async function seed({ count, out, ttl, force }: SeedFlags): Promise<void> {
  const { createTokenKeys, signTokenSync } = await import("../server/members/tokens.ts");
  const { seedMemberId } = await import("../server/members/seed.ts");
  const { openPrivateOutput } = await import("./private-output.ts");
  const keys = createTokenKeys(readTokenConfig());
  const issued = { role: "member", lifetimeSeconds: wholeSeconds(ttl), nowMs: Date.now() } as const;
  await using output = await openPrivateOutput(out, force === true);
  const progress = startProgress(count, "tokens");
  for (let first = 1; first <= count; first += TOKENS_PER_WRITE) {
    const last = Math.min(first + TOKENS_PER_WRITE - 1, count);
    let lines = "";
    for (let index = first; index <= last; index++) {
      lines += `${signTokenSync(keys, { memberId: seedMemberId(index), ...issued })}\n`;
    }
    await output.write(lines);
    progress.update(last);
  }
  process.stderr.write(`${group(count)} tokens written ${rateText(progress.finish())}\n`);
}

function wholeSeconds(durationMs: number): number {
  if (durationMs % 1_000 !== 0) throw new CliError("--ttl must be whole seconds, such as 90s");
  return durationMs / 1_000;
}
