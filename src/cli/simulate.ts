import type { Command } from "commander";
import {
  type DatabaseConfig,
  readDatabaseConfig,
  readRedisUrl,
  readTokenConfig,
} from "../config.ts";
import { CliError, EXIT } from "../exit-codes.ts";
import { wholeNumber } from "./count.ts";
import { parseDurationMs } from "./duration.ts";
import {
  addViewOptions,
  DEFAULT_CONNECTIONS,
  DEFAULT_SEED,
  defaultLoadWorkers,
  rehearse,
  type ViewFlags,
} from "./rehearsal.ts";

interface SimulateFlags extends ViewFlags {
  readonly event?: string;
  readonly tps: number;
  readonly users: number;
  readonly duration?: string;
  readonly stock: number;
  readonly url?: string;
  readonly db?: string;
  readonly redis?: string;
  readonly workers: number;
  readonly loadWorkers?: number;
  readonly connections: number;
  readonly seed: number;
}

const help = `
Examples:
  $ couponlive simulate                              150,000 members, 100,000 coupons, a server of its own
  $ couponlive simulate --tps 20000 --duration 30s --json rush.json --html rush.html
  $ couponlive simulate --expect 'issued==100000' --expect 'p99(issued)<50ms'
  $ couponlive simulate --url http://127.0.0.1:8080 --db couponlive.db --event spring-sale

The members are member-0000001, member-0000002, … (\`couponlive user seed\`); each claims once before
any claims again. With --url, COUPONLIVE_JWT_SECRET must be the server's, and --db its database.
Exit codes: ${EXIT.ok} right, ${EXIT.failed} the run broke, ${EXIT.usage} usage, ${EXIT.expectationMissed} an expectation missed, ${EXIT.incorrect} an invariant is violated, ${EXIT.invalid} the rate could not be held.`;

/** Adds `couponlive simulate`. */
export function addSimulateCommand(program: Command): void {
  const command = program
    .command("simulate")
    .description("fire a rush of claims, and prove that the giveaway was right")
    .option("--event <id>", "the event to claim from (default: one of the run's own, open now)")
    .option("--tps <n>", "claims a second", wholeNumber(1, 1_000_000), 10_000)
    .option("--users <n>", "members who claim", wholeNumber(1, 10_000_000), 150_000)
    .option("--duration <time>", "how long, such as 30s (default: until each member has claimed)")
    .option("--stock <n>", "coupons of the run's own event", wholeNumber(1, 10_000_000), 100_000)
    .option("--url <url>", "the server to claim from (default: one of the run's own)")
    .option("--db <path-or-url>", "the server's database (default: one of the run's own)")
    .option("--redis <url>", "the Redis that decides; without it, the embedded engine")
    .option("--workers <n>", "web processes of the run's own server", wholeNumber(1, 256), 1)
    .option(
      "--load-workers <n>",
      "threads that send (default: 1 on two cores)",
      wholeNumber(1, 256),
    )
    .option("--connections <n>", "to send over", wholeNumber(1, 10_000), DEFAULT_CONNECTIONS)
    .option("--seed <n>", "decides the members' order", wholeNumber(0, 0xffff_ffff), DEFAULT_SEED);
  addViewOptions(command).addHelpText("after", help).action(simulate);
}

async function simulate(flags: SimulateFlags): Promise<void> {
  const redisUrl = readRedisUrl(flags);
  const database = readRunDatabase(flags);
  const options = {
    ratePerSecond: flags.tps,
    durationMs:
      flags.duration === undefined
        ? Math.ceil((flags.users * 1000) / flags.tps)
        : parseDurationMs(flags.duration),
    users: flags.users,
    stock: flags.stock,
    connections: flags.connections,
    loadWorkers: flags.loadWorkers ?? defaultLoadWorkers(),
    seed: flags.seed,
    webProcesses: flags.workers,
    ...(flags.event === undefined ? {} : { eventId: flags.event }),
    ...(database === undefined ? {} : { database }),
    ...(redisUrl === undefined ? {} : { redisUrl }),
    ...(flags.url === undefined
      ? {}
      : { server: { url: parseServerUrl(flags.url), tokens: readTokenConfig() } }),
  };
  const report = await rehearse(options, flags);
  const { exitCodeOf } = await import("../sim/report-verdict.ts");
  process.exitCode = exitCodeOf(report.verdict);
}

/** The database of the event or of the server that is named; else the run makes its own. */
function readRunDatabase(flags: SimulateFlags): DatabaseConfig | undefined {
  const named = flags.event !== undefined || flags.url !== undefined || flags.db !== undefined;
  return named ? readDatabaseConfig(flags) : undefined;
}

function parseServerUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === "http:") return url;
  throw new CliError(`"${text}" is not a server's address: write --url http://host:port`);
}
