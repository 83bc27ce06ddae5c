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
