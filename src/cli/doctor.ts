/** `couponlive doctor`: tries the settings on this machine, and says what load it can promise. */
import { tmpdir } from "node:os";
import { dirname } from "node:path";
import type { Command } from "commander";
import {
  readDatabaseConfig,
  readRedisUrl,
  readServeConfig,
  requireReadable,
  type SettingFlags,
} from "../config.ts";
import type { Ceilings } from "../doctor/ceilings.ts";
import { type Finding, fail, findingLine, ok } from "../doctor/finding.ts";
import type { LoadPromise } from "../doctor/promise.ts";
import { CliError, EXIT } from "../exit-codes.ts";
import { print } from "./database-command.ts";
import { addSettingOptions } from "./setting-options.ts";

type DoctorFlags = SettingFlags & { readonly json?: true; readonly quick?: true };

interface Measured extends Ceilings {
  readonly promise: LoadPromise;
}

const example = `
Examples:
  couponlive doctor                                  # the settings as they stand, and the machine
  couponlive doctor --redis redis://127.0.0.1:6379 --workers 4
  couponlive doctor --quick --json                   # without the measurements

Nothing is left behind. While a window is open, the machine is not measured: the load of some
seconds would be felt. Exit code ${EXIT.ok} when nothing failed, warnings or not; ${EXIT.failed} when something did.`;

/** Adds `couponlive doctor`. */
export function addDoctorCommand(program: Command): void {
  const command = program
    .command("doctor")
    .description("Checks Redis, database and machine, and says what load they can take.");
  addSettingOptions(command)
    .option("--quick", "leave out the measurements, which take some seconds")
    .option("--json", "print JSON")
    .addHelpText("after", example)
    .action(doctor);
}

async function doctor(flags: DoctorFlags): Promise<void> {
  requireReadable(flags);
  const findings: Finding[] = [];
  const tell = (...found: Finding[]) => {
    findings.push(...found);
    if (!flags.json) for (const finding of found) print(findingLine(finding));
  };
  const { canMeasure, why } = await examine(flags, tell);
  let measured: Measured | undefined;
  if (flags.quick) tell(ok("ceilings", "not measured: --quick"));
  else if (canMeasure) measured = await measure(flags, tell);
  else tell(ok("ceilings", `not measured: ${why}`));
  const failed = findings.filter(({ status }) => status === "fail").length;
  if (flags.json) print({ ok: failed === 0, findings, measured: measured ?? null });
  if (failed > 0) {
    const what = failed === 1 ? "1 check failed" : `${failed} checks failed`;
    throw new CliError(`${what}: the lines that begin with «fail» say what to do`, EXIT.failed);
  }
}

/** Looks at everything; says whether the machine may be measured now. */
async function examine(
  flags: DoctorFlags,
  tell: (...found: Finding[]) => void,
): Promise<{ canMeasure: boolean; why: string }> {
  const serve = readServeConfig(flags);
  const redisUrl = readRedisUrl(flags);
  const [machine, { checkDatabase }] = await Promise.all([
    import("../doctor/machine.ts"),
    import("../doctor/database.ts"),
  ]);
  tell(
    machine.checkSecret(),
    machine.checkLoad(),
    machine.checkOpenFiles(),
    await machine.checkPort(serve),
  );
  if (serve.tls !== undefined) tell(await machine.checkCertificate(serve.tls));
  const database = await checkDatabase(readDatabaseConfig(flags));
  tell(machine.checkTimeZones(database.catalogue.timeZones), ...database.findings);
  if (redisUrl === undefined) {
    tell(ok("redis", "not named: claims are decided by the embedded engine"));
  } else {
    const { checkRedis } = await import("../doctor/redis.ts");
    const found = await checkRedis(redisUrl, database.catalogue.coupons);
    tell(...found);
    if (found.some(({ status }) => status === "fail")) {
      return { canMeasure: false, why: "this Redis cannot be used" };
    }
  }
  if (database.findings.some(({ status }) => status === "fail")) {
    return { canMeasure: false, why: "this database cannot be used" };
  }
  return { canMeasure: !database.catalogue.isOpen, why: "a window is open" };
}

async function measure(
  flags: DoctorFlags,
  tell: (...found: Finding[]) => void,
): Promise<Measured | undefined> {
  const [{ measureCeilings }, { ceilingFindings, promiseOf }, { locateDatabase }] =
    await Promise.all([
      import("../doctor/ceilings.ts"),
      import("../doctor/promise.ts"),
      import("../server/database-location.ts"),
    ]);
  process.stderr.write("measuring, about 10 s …\n");
  const redisUrl = readRedisUrl(flags);
  const { path } = locateDatabase(readDatabaseConfig(flags).db);
  const folder = path === undefined ? tmpdir() : dirname(path);
  try {
    const ceilings = await measureCeilings(folder, redisUrl);
    const { workers } = readServeConfig(flags);
    // One core is the system's, the disk's and Redis's.
    const cores = Math.max(1, navigator.hardwareConcurrency - 1);
    const promise = promiseOf(ceilings, Math.min(workers, cores));
    tell(...ceilingFindings(ceilings, promise));
    return { ...ceilings, promise };
  } catch (error) {
    const says = `could not be measured (${error instanceof Error ? error.message : String(error)})`;
    tell(fail("ceilings", says, "try again when the machine is quiet"));
    return undefined;
  }
}
