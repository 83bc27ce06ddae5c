import type { Command } from "commander";
import { readDatabaseConfig, readRedisUrl } from "../config.ts";
import { CliError, EXIT } from "../exit-codes.ts";

interface VerifyFlags {
  readonly db?: string;
  readonly redis?: string;
  readonly json?: true;
}

const example = `
Examples:
  $ couponlive verify spring-sale
  $ couponlive verify spring-sale --redis redis://127.0.0.1:6379 --json

With Redis the writer must have drained: stop the server first, or wait until nothing is claimed.
Exit code 0 when everything holds, ${EXIT.incorrect} when an invariant is violated.`;

/** Adds `couponlive verify`. */
export function addVerifyCommand(program: Command): void {
  program
    .command("verify")
    .description("Proves that an event's giveaway was right.")
    .argument("<event>", "the event's id")
    .option("--db <path-or-url>", "SQL database")
    .option("--redis <url>", "compare with this Redis, which decided the claims")
    .option("--json", "print the checks as JSON")
    .addHelpText("after", example)
    .action(async (eventId: string, flags: VerifyFlags) => {
      const redisUrl = readRedisUrl(flags);
      const config = readDatabaseConfig(flags);
      const { verifyStoredEvent } = await import("../server/ledger/verify-stored.ts");
      const verification = await verifyStoredEvent(config, eventId, redisUrl);
      if (verification === undefined) {
        throw new CliError(
          `there is no event with the id ${eventId}: see \`couponlive event list\``,
        );
      }
      const { formatVerification } = await import("./verification-text.ts");
      process.stdout.write(
        flags.json
          ? `${JSON.stringify(verification, null, 2)}\n`
          : formatVerification(verification),
      );
      if (!verification.ok) process.exitCode = EXIT.incorrect;
    });
}
