/** From what a machine can do at most: the load that it can be trusted with, and what limits it. */
import type { Ceilings } from "./ceilings.ts";
import { type Finding, ok } from "./finding.ts";

/**
 * The rest is for what a measurement of seconds does not see: a Redis and a writer that share the
 * web processes' cores, a bad second. At 0.7 a promise on Redis was not held on two cores.
 */
const TRUSTED_SHARE = 0.5;

export interface LoadPromise {
  readonly claimsPerSecond: number;
  readonly bottleneck: "web" | "engine";
}

/** @param webProcesses that can have a core of their own */
export function promiseOf(ceilings: Ceilings, webProcesses: number): LoadPromise {
  const { claimsPerSecond, enginePerSecond } = ceilings;
  const webClaims = claimsPerSecond * webProcesses;
  return {
    claimsPerSecond: Math.round(Math.min(webClaims, enginePerSecond) * TRUSTED_SHARE),
    bottleneck: webClaims <= enginePerSecond ? "web" : "engine",
  };
}

const REMEDIES = {
  "web embedded": "more web processes, with --redis and --workers",
  "web redis": "more --workers, as long as there are cores, or more machines",
  "engine embedded": "a faster disk, or --redis",
  "engine redis": "a Redis with a faster disk and a core of its own",
} as const;

/** What was measured and what follows, as findings. */
export function ceilingFindings(ceilings: Ceilings, promise: LoadPromise): Finding[] {
  const { engine, httpPerSecond, claimsPerSecond, enginePerSecond, ledgerPerSecond } = ceilings;
  const { bottleneck } = promise;
  const limit = bottleneck === "web" ? "the web process" : "the engine";
  return [
    ok("http ceiling", `${group(httpPerSecond)} constant answers/s by one web process`),
    ok("web ceiling", `${group(claimsPerSecond)} claims/s by one web process`),
    ok("engine ceiling", `${group(enginePerSecond)} claims/s, ${engine}`),
    ok("ledger ceiling", `${group(ledgerPerSecond)} issuances/s`),
    ok(
      "promise",
      `${group(promise.claimsPerSecond)} claims/s; the bottleneck is ${limit} (to raise it: ${REMEDIES[`${bottleneck} ${engine}`]})`,
    ),
  ];
}

function group(count: number): string {
  return count.toLocaleString("en-US");
}
