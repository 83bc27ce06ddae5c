/** What a proof consists of, and how a check gathers what contradicts it. */

/** Counter-examples that a check names; the rest is counted. */
const MAX_COUNTER_EXAMPLES = 5;

export interface Check {
  /** Stable name for scripts. */
  readonly id: string;
  /** The invariant of design.md that it states. */
  readonly invariant: number;
  readonly ok: boolean;
  /** What holds, or what does not, in one line. */
  readonly summary: string;
  readonly counterExamples: readonly string[];
}

/** They fail while issuances are on their way to the ledger, whatever else is right. */
const UNDRAINED_IDS: readonly string[] = ["outbox-empty", "drained"];

/** Of the checks that failed, those that say more than that the ledger has not drained yet. */
export function failuresBeyondDraining(checks: readonly Check[]): Check[] {
  const failed = checks.filter((check) => !check.ok);
  // What waits in the stream is in Redis and not yet in the ledger: the same thing, seen twice.
  const waiting = failed.some(({ id }) => id === "drained")
    ? [...UNDRAINED_IDS, "redis-in-ledger"]
    : UNDRAINED_IDS;
  return failed.filter(({ id }) => !waiting.includes(id));
}

/** Says whether all that was decided has left the outbox, in which this many coupons wait. */
export function outboxCheck(waiting: number): Check {
  const found = new Findings();
  if (waiting > 0) found.add(`${waiting} coupons; a server brings them when it has a quiet moment`);
  return found.check(
    "outbox-empty",
    7,
    "nothing waits in the outbox",
    "coupons wait in the outbox",
  );
}

/** Says whether the ledger takes what comes from the outbox: this many coupons it refuses. */
export function acceptanceCheck(refused: number): Check {
  const found = new Findings();
  if (refused > 0) found.add(`${refused} coupons, whose member, rank or code another coupon has`);
  return found.check(
    "outbox-accepted",
    7,
    "the ledger refused nothing that was decided",
    "the ledger refused what was decided",
  );
}

/** Collects what contradicts one check. */
export class Findings {
  private count = 0;
  private readonly examples: string[] = [];

  add(example: string): void {
    this.count++;
    if (this.examples.length < MAX_COUNTER_EXAMPLES) this.examples.push(example);
  }

  /** The check: passed when nothing was found. `fails` names what was found, which is counted. */
  check(id: string, invariant: number, holds: string, fails: string): Check {
    const ok = this.count === 0;
    const summary = ok ? holds : `${fails} (${this.count})`;
    return { id, invariant, ok, summary, counterExamples: this.examples };
  }
}
