/** From what a machine can do at most: the load that it can be trusted with, and what limits it. */
import type { Ceilings } from "./ceilings.ts";
import { type Finding, ok } from "./finding.ts";

/** A whole claim (token, combiner, JSON) costs about twice what a constant answer does. */
const CLAIM_SHARE = 0.5;
/** The rest is for what a measurement of seconds does not see: logs, other work, a bad second. */
const TRUSTED_SHARE = 0.7;

export interface LoadPromise {
  readonly claimsPerSecond: number;
  readonly bottleneck: "http" | "engine";
}

/** @param webProcesses that can have a core of their own */
export function promiseOf(ceilings: Ceilings, webProcesses: number): LoadPromise {
  const { httpPerSecond, enginePerSecond } = ceilings;
  const webClaims = httpPerSecond * CLAIM_SHARE * webProcesses;
  return {
    claimsPerSecond: Math.round(Math.min(webClaims, enginePerSecond) * TRUSTED_SHARE),
    bottleneck: webClaims <= enginePerSecond ? "http" : "engine",
  };
}

const REMEDIES = {
  "http embedded": "more web processes, with --redis and --workers",
  "http redis": "more --workers, as long as there are cores, or more machines",
  "engine embedded": "a faster disk, or --redis",
  "engine redis": "a Redis with a faster disk and a core of its own",
} as const;

/** What was measured and what follows, as findings. */
export function ceilingFindings(ceilings: Ceilings, promise: LoadPromise): Finding[] {
  const { engine, httpPerSecond, enginePerSecond, ledgerPerSecond } = ceilings;
  const { claimsPerSecond, bottleneck } = promise;
  return [
    ok(
      "http ceiling",
      `${group(httpPerSecond)} requests/s by one web process, for a constant answer`,
    ),
    ok("engine ceiling", `${group(enginePerSecond)} claims/s, ${engine}`),
    ok("ledger ceiling", `${group(ledgerPerSecond)} issuances/s`),
    ok(
      "promise",
      `${group(claimsPerSecond)} claims/s; the bottleneck is ${bottleneck === "http" ? "HTTP" : "the engine"} (to raise it: ${REMEDIES[`${bottleneck} ${engine}`]})`,
    ),
  ];
}

function group(count: number): string {
  return count.toLocaleString("en-US");
}
