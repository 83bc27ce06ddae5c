/** What the doctor found: one thing that was looked at, and what to do about it. */

export type FindingStatus = "ok" | "warn" | "fail";

export interface Finding {
  /** What was looked at, such as `redis eviction`. */
  readonly check: string;
  /** `warn`: it works, not as it should. `fail`: the server would not start, or could lose coupons. */
  readonly status: FindingStatus;
  /** What is the case, in one line. */
  readonly says: string;
  /** What to do about it; null when it is well. */
  readonly advice: string | null;
}

export function ok(check: string, says: string): Finding {
  return { check, status: "ok", says, advice: null };
}

export function warn(check: string, says: string, advice: string): Finding {
  return { check, status: "warn", says, advice };
}

export function fail(check: string, says: string, advice: string): Finding {
  return { check, status: "fail", says, advice };
}

/** The finding as a line of the terminal. */
export function findingLine({ check, status, says, advice }: Finding): string {
  const todo = advice === null ? "" : `: ${advice}`;
  return `${status.padEnd(4)}  ${check.padEnd(17)} ${says}${todo}`;
}
