import type { Command } from "commander";
import { readRedisUrl } from "../config.ts";
import { CliError, EXIT } from "../exit-codes.ts";
import type { Report } from "../sim/report.ts";
import type { HttpVersion } from "../sim/transport.ts";
import { wholeNumber } from "./count.ts";
import {
  addViewOptions,
  DEFAULT_CONNECTIONS,
  DEFAULT_SEED,
  defaultLoadWorkers,
  rehearse,
  type ViewFlags,
} from "./rehearsal.ts";
import { httpOption, transportOf } from "./transport.ts";

interface DemoFlags extends ViewFlags {
  readonly users: number;
  readonly stock: number;
  readonly tps: number;
  readonly redis?: string;
  readonly workers: number;
  readonly http: HttpVersion;
}

/** What two cores hold with room to spare, generator included. */
const DEFAULT_RATE = 7_500;

const help = `
Examples:
  couponlive demo
  couponlive demo --redis redis://127.0.0.1:6379 --workers 2

Makes members and an event in a temporary database, starts a server, lets every member claim once,
and checks the result. Nothing of it is left. Exit code 0 only when all of it is right.`;

/** Adds `couponlive demo`. */
export function addDemoCommand(program: Command): void {
  const command = program
    .command("demo")
    .description("Shows a whole giveaway: more members than coupons, then the proof.")
    .option("--users <n>", "members, each of whom claims once", wholeNumber(1, 1_000_000), 150_000)
    .option("--stock <n>", "coupons", wholeNumber(1, 1_000_000), 100_000)
    .option("--tps <n>", "claims a second", wholeNumber(1, 1_000_000), DEFAULT_RATE)
    .option("--redis <url>", "decide claims in this Redis; without it, on the embedded engine")
    .option("--workers <n>", "web processes, with --redis", wholeNumber(1, 256), 1)
    .addOption(httpOption());
  addViewOptions(command).addHelpText("after", help).action(demo);
}

async function demo(flags: DemoFlags): Promise<void> {
  const redisUrl = readRedisUrl(flags);
  const report = await rehearse(
    {
      shape: { kind: "constant", ratePerSecond: flags.tps },
      scenario: "rush",
      durationMs: Math.ceil((flags.users * 1000) / flags.tps),
      users: flags.users,
      stock: flags.stock,
      transport: transportOf({ http: flags.http }),
      connections: DEFAULT_CONNECTIONS,
      loadWorkers: defaultLoadWorkers(),
      seed: DEFAULT_SEED,
      seedsMembers: true,
      webProcesses: flags.workers,
      ...(redisUrl === undefined ? {} : { redisUrl }),
    },
    flags,
  );
  const { exitCodeOf } = await import("../sim/report-verdict.ts");
  process.exitCode = exitCodeOf(report.verdict);
  if (report.verdict === "PASS") requireWhole(report);
}

/** The demo promises more than a right ledger: every member had a clear answer. */
function requireWhole({ config, outcomes }: Report): void {
  const issued = Math.min(config.stock, config.users);
  if (outcomes.issued === issued && outcomes.soldOut === config.users - issued) return;
  throw new CliError(
    `not every member had a clear answer: see the table above; a lower --tps may help`,
    EXIT.failed,
  );
}
