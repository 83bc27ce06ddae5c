/** Looks at what the machine gives the server: secret, certificate, files, port, time zones. */
import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { loadavg } from "node:os";
import { z } from "zod";
import { readTokenConfig, type ServeConfig, type TlsFiles } from "../config.ts";
import { readTls } from "../server/tls.ts";
import { type Finding, fail, ok, warn } from "./finding.ts";

/** Each connection is an open file, and a crowd is tens of thousands of them. */
const WANTED_OPEN_FILES = 20_000;
const MIN_OPEN_FILES = 1_024;
/** Of the cores, how many may be at work without being felt. */
const BUSY_SHARE = 0.5;
const CERTIFICATE_WARNING_DAYS = 14;
const MS_PER_DAY = 86_400_000;
const HEALTH_TIMEOUT_MS = 1_000;

const aliveSchema = z.object({ status: z.literal("alive") });

/** Whether there is a secret to sign tokens with, and none that is too short. */
export function checkSecret(): Finding {
  try {
    const { previousSecret } = readTokenConfig();
    const rotation = previousSecret === undefined ? "" : ", and a former one is accepted";
    return ok("secret", `COUPONLIVE_JWT_SECRET is set${rotation}`);
  } catch (error) {
    const [says = "", advice = ""] = messageOf(error).split(/: (.*)/s);
    return fail("secret", says, advice);
  }
}

/** Whether certificate and key can be read and belong together, and for how long. */
export async function checkCertificate(tls: TlsFiles): Promise<Finding> {
  try {
    const { validTo } = new X509Certificate((await readTls(tls)).cert);
    const days = Math.floor((Date.parse(validTo) - Date.now()) / MS_PER_DAY);
    const says = `${tls.certFile} is valid until ${validTo}`;
    if (days < 0) return fail("certificate", `${tls.certFile} has expired`, "renew it");
    return days < CERTIFICATE_WARNING_DAYS
      ? warn("certificate", says, "renew it")
      : ok("certificate", says);
  } catch (error) {
    return fail("certificate", messageOf(error), "`serve` refuses to start with it");
  }
}

/** Whether the machine has time: what is measured on a busy one is what the others leave. */
export function checkLoad(): Finding {
  const [load = 0] = loadavg();
  const cores = navigator.hardwareConcurrency;
  const says = `load ${load.toFixed(1)} on ${cores} cores`;
  return load > cores * BUSY_SHARE
    ? warn("load", says, "others use this machine: what is measured now is what they leave")
    : ok("load", says);
}

/** How many files this process, and so a server started like it, may have open. */
export function checkOpenFiles(limits: string = readLimits()): Finding {
  const soft = /^Max open files\s+(\S+)/m.exec(limits)?.[1];
  if (soft === undefined) return ok("open files", "this system does not tell its limit");
  const count = soft === "unlimited" ? Number.POSITIVE_INFINITY : Number(soft);
  const says = `${soft} at most, a connection is one`;
  const advice = `raise it to ${WANTED_OPEN_FILES} or more (ulimit -n, LimitNOFILE= in the unit)`;
  if (count < MIN_OPEN_FILES) return fail("open files", says, advice);
  return count < WANTED_OPEN_FILES ? warn("open files", says, advice) : ok("open files", says);
}

/** Whether the server could listen where the settings say. */
export async function checkPort({ host, port, tls }: ServeConfig): Promise<Finding> {
  if (port === 0) return ok("port", "any free one");
  const where = `${host}:${port}`;
  try {
    Bun.listen({ hostname: host, port, exclusive: true, socket: { data: () => undefined } }).stop(
      true,
    );
    return ok("port", `${where} is free`);
  } catch (error) {
    if (!hasCode(error, "EADDRINUSE")) {
      return fail("port", `${where} cannot be used (${messageOf(error)})`, "choose another");
    }
  }
  const scheme = tls === undefined ? "http" : "https";
  return (await isCouponlive(`${scheme}://${where}/healthz`))
    ? ok("port", `a couponlive listens on ${where}`)
    : fail("port", `another program listens on ${where}`, "stop it, or choose another --port");
}

async function isCouponlive(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, {
      signal: AbortSignal.timeout(HEALTH_TIMEOUT_MS),
      tls: { rejectUnauthorized: false },
    });
    return aliveSchema.safeParse(await response.json()).success;
  } catch {
    return false;
  }
}

/** Whether the rules of the time zones that events are scheduled in are known. */
export function checkTimeZones(zones: readonly string[]): Finding {
  const advice = "use a couponlive with newer time zone data";
  try {
    for (const zone of zones) Temporal.Now.zonedDateTimeISO(zone);
    // A zone with rules of its own for summer: data that is cut down knows none.
    const offsets = ["01", "07"].map(
      (month) => Temporal.ZonedDateTime.from(`2030-${month}-01T12:00[America/New_York]`).offset,
    );
    if (offsets.join() !== "-05:00,-04:00") {
      return fail("time zones", "the rules of summer time are missing", advice);
    }
  } catch (error) {
    return fail("time zones", messageOf(error), advice);
  }
  const count = Intl.supportedValuesOf("timeZone").length;
  return ok("time zones", `${count} are known, with their summer times`);
}

function readLimits(): string {
  try {
    return readFileSync("/proc/self/limits", "utf8");
  } catch {
    return "";
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
