import { type Command, Option } from "commander";
import {
  type DatabaseConfig,
  namesDatabase,
  readDatabaseConfig,
  readRedisUrl,
  readTokenConfig,
} from "../config.ts";
import { CliError, EXIT } from "../exit-codes.ts";
import { claimsPerMember, SCENARIOS, type Scenario, stampedeStock } from "../sim/scenario.ts";
import { countArrivals, durationForMs, type LoadShape, ownDurationMs } from "../sim/shape.ts";
import { DEFAULT_STREAMS, MAX_PIPELINE, MAX_STREAMS } from "../sim/transport.ts";
import { addCompareCommand } from "./compare.ts";
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
import { parseShape, SHAPES_HELP } from "./shape.ts";
import { httpOption, parseServerUrl, type TransportFlags, transportOf } from "./transport.ts";

interface SimulateFlags extends ViewFlags, TransportFlags {
  readonly event?: string;
  readonly tps: number;
  readonly shape: string;
  readonly scenario: Scenario;
  readonly users: number;
  readonly duration?: string;
  readonly stock?: number;
  readonly url?: string;
  readonly db?: string;
  readonly redis?: string;
  readonly workers: number;
  readonly loadWorkers?: number;
  readonly connections: number;
  readonly seed: number;
}

const DEFAULT_STOCK = 100_000;

const help = `
Examples:
  couponlive simulate                              # 150,000 members, 100,000 coupons, a server of its own
  couponlive simulate --tps 20000 --duration 30s --json rush.json --html rush.html
  couponlive simulate --expect 'issued==100000' --expect 'p99(issued)<50ms'
  couponlive simulate --scenario impatient --shape humans --duration 20s
  couponlive simulate --url http://127.0.0.1:8080 --db couponlive.db --event spring-sale
  couponlive simulate --http 2 --connections 16 --streams 32 --tps 50000

The members are member-0000001, member-0000002, … (\`couponlive user seed\`); each claims once before
any claims again. With --url, COUPONLIVE_JWT_SECRET must be the server's; where neither --db nor
COUPONLIVE_DB names its database, the ledger is read over HTTP.
Exit codes: ${EXIT.ok} right, ${EXIT.failed} the run broke, ${EXIT.usage} usage, ${EXIT.expectationMissed} an expectation missed, ${EXIT.incorrect} an invariant is violated, ${EXIT.invalid} the rate could not be held.`;

/** Adds `couponlive simulate`. */
export function addSimulateCommand(program: Command): void {
  const command = program
    .command("simulate")
    .description("Fires a rush of claims, and proves that the giveaway was right.")
    .option("--event <id>", "the event to claim from (default: one of the run's own, open now)")
    .option("--tps <n>", "claims a second", wholeNumber(1, 1_000_000), 10_000)
    .option("--shape <shape>", SHAPES_HELP, "constant")
    .addOption(
      new Option("--scenario <name>", "who claims, and how").choices(SCENARIOS).default("rush"),
    )
    .option("--users <n>", "members who claim", wholeNumber(1, 10_000_000), 150_000)
    .option("--duration <time>", "how long, such as 30s (default: until each member has claimed)")
    .option(
      "--stock <n>",
      `coupons of the run's own event (default: ${DEFAULT_STOCK}; stampede: a tenth of the claims)`,
      wholeNumber(1, 10_000_000),
    )
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
    .addOption(httpOption())
    .option(
      "--streams <n>",
      `requests at once on a connection, with --http 2 (default: ${DEFAULT_STREAMS})`,
      wholeNumber(1, MAX_STREAMS),
    )
    .option(
      "--pipeline <n>",
      "requests at once on a connection, with --http 1.1 (default: 1)",
      wholeNumber(1, MAX_PIPELINE),
    )
    .option("--insecure", "take the certificate of an https --url unseen")
    .option("--seed <n>", "decides who claims when", wholeNumber(0, 0xffff_ffff), DEFAULT_SEED);
  addViewOptions(command).enablePositionalOptions().addHelpText("after", help).action(simulate);
  addCompareCommand(command);
}

async function simulate(flags: SimulateFlags, command: Command): Promise<void> {
  refuseIdle(flags, (option) => command.getOptionValueSource(option) === "cli");
  const redisUrl = readRedisUrl(flags);
  const database = readRunDatabase(flags);
  const options = {
    ...readLoad(flags),
    users: flags.users,
    transport: transportOf(flags),
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

/** Shapes that say themselves how many claims a second there are. */
const OWN_RATES = /^(ramp|burst|steps)\b/;

/** Refuses options that would do nothing, so that nobody reads a report believing they did. */
function refuseIdle(
  { shape, event, url }: SimulateFlags,
  isGiven: (option: keyof SimulateFlags) => boolean,
): void {
  const [ownRate] = OWN_RATES.exec(shape) ?? [];
  if (ownRate !== undefined && isGiven("tps")) {
    throw new CliError(`--shape ${ownRate} says itself at what rate: leave out --tps`);
  }
  if (event !== undefined && isGiven("stock")) {
    throw new CliError("--event has a stock of its own: leave out --stock");
  }
  if (url !== undefined && isGiven("workers")) {
    throw new CliError("the server at --url has started its own processes: leave out --workers");
  }
}

/** What is claimed, when, and how much there is. */
function readLoad(flags: SimulateFlags) {
  const { scenario, tps: ratePerSecond } = flags;
  const claims = Math.ceil(flags.users * claimsPerMember(scenario));
  const shape = parseShape(flags.shape, { ratePerSecond, claims });
  const durationMs = readDurationMs(flags, shape, claims);
  const stampede = stampedeStock(countArrivals(shape, durationMs));
  const stock = flags.stock ?? (scenario === "stampede" ? stampede : DEFAULT_STOCK);
  return { shape, scenario, durationMs, stock };
}

/** As long as the shape says, or as was asked for, or as all members need. */
function readDurationMs(flags: SimulateFlags, shape: LoadShape, claims: number): number {
  if (flags.duration === undefined) return durationForMs(shape, claims);
  if (ownDurationMs(shape) !== undefined) {
    throw new CliError(`--shape ${shape.kind} says itself how long it lasts: leave out --duration`);
  }
  return parseDurationMs(flags.duration);
}

/**
 * The database of the event or of the server that is named. Without one, the run makes its own; or
 * it reads a server's ledger over HTTP.
 */
function readRunDatabase(flags: SimulateFlags): DatabaseConfig | undefined {
  const named = flags.event !== undefined || flags.url !== undefined || flags.db !== undefined;
  if (flags.url !== undefined && !namesDatabase(flags)) return undefined;
  return named ? readDatabaseConfig(flags) : undefined;
}
