/** What becomes of answered coupons when what keeps them crashes. */

/** The most that may be lost. Whatever the ledger holds is never lost with the engine. */
export type MayLose =
  /** Every answered coupon was on the disk before. */
  | "nothing"
  /** Redis flushes once a second. */
  | "last_second"
  /** Redis leaves it to the operating system: a crash of the machine loses what it had not written. */
  | "unflushed"
  /** What was decided since the last snapshot, and had not come to the ledger. */
  | "since_snapshot"
  /** All that had not come to the ledger. */
  | "all_but_ledger"
  | "unknown";

/** "unknown" where Redis does not say, because CONFIG is forbidden. */
export interface Durability {
  /** Where an answered coupon is kept until it is in the ledger. */
  readonly store: "file" | "redis";
  readonly mayLose: MayLose;
  /** How it is configured; undefined for the file, which is always flushed before the answer. */
  readonly redis?: RedisPersistence;
}

export interface RedisPersistence {
  readonly appendOnly: boolean | "unknown";
  readonly appendFsync: string;
  /** The rules of snapshots; empty where none are made. */
  readonly save: string;
  /** Connected replicas. One that takes over lacks what had not reached it. */
  readonly replicas: number | "unknown";
}

/** What a crash may take with it, as one sentence for a log. */
export const MAY_LOSE_TEXT: Readonly<Record<MayLose, string>> = {
  nothing: "a crash loses no answered coupon",
  last_second: "a crash of Redis may lose the answered coupons of about the last second",
  unflushed:
    "a crash of Redis's machine may lose answered coupons that were not written out yet, some 30 s of them",
  since_snapshot:
    "a crash of Redis may lose answered coupons that are neither in its last snapshot nor in the ledger",
  all_but_ledger: "a crash of Redis loses the answered coupons that are not in the ledger yet",
  unknown:
    "Redis does not say how it persists (CONFIG is forbidden), so a crash of it may lose answered coupons",
};
