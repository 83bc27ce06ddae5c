import type { Command } from "commander";
import { readDatabaseConfig, readRedisUrl } from "../config.ts";
import { EXIT } from "../exit-codes.ts";
import { databaseOption } from "./database-command.ts";

interface VerifyFlags {
  readonly db?: string;
  readonly redis?: string;
  readonly json?: true;
}

const example = `
Examples:
  couponlive verify spring-sale
  couponlive verify spring-sale --redis redis://127.0.0.1:6379 --json

Everything issued must have reached the ledger: stop the server first, or wait until it is quiet.
Exit code ${EXIT.ok} when everything holds, ${EXIT.failed} when it has not drained yet, ${EXIT.incorrect} when an invariant is violated.`;

const EXIT_CODES = { right: EXIT.ok, undrained: EXIT.failed, wrong: EXIT.incorrect } as const;

/** Adds `couponlive verify`. */
export function addVerifyCommand(program: Command): void {
  program
    .command("verify")
    .description("Proves that an event's giveaway was right.")
    .argument("<event>", "the event's id")
    .addOption(databaseOption())
    .option("--redis <url>", "compare with this Redis, which decided the claims (COUPONLIVE_REDIS)")
    .option("--json", "print the checks as JSON")
    .addHelpText("after", example)
    .action(async (eventId: string, flags: VerifyFlags) => {
      const redisUrl = readRedisUrl(flags);
      const config = readDatabaseConfig(flags);
      const { verifyStoredEvent } = await import("../server/ledger/verify-stored.ts");
      const verification = await verifyStoredEvent(config, eventId, redisUrl);
      if (verification === undefined) {
        const [{ unknownEvent }, { eventRefusal }] = await Promise.all([
          import("../server/events/event-error.ts"),
          import("./event-refusal.ts"),
        ]);
        throw eventRefusal(unknownEvent(eventId));
      }
      const { formatVerification, outcomeOf } = await import("./verification-text.ts");
      process.stdout.write(
        flags.json
          ? `${JSON.stringify(verification, null, 2)}\n`
          : formatVerification(verification),
      );
      process.exitCode = EXIT_CODES[outcomeOf(verification)];
    });
}
