/**
 * What the event's own record says of the refusals that it explains: was it paused, had it ended,
 * was a window's quota used up?
 */
import { type Check, Findings } from "../server/ledger/findings.ts";
import { seedMemberId } from "../server/members/seed.ts";
import { FOLLOW_MS } from "./oracle-times.ts";
import type { RecordedEvent } from "./records.ts";
import type { ToldTable } from "./told.ts";

/** What there is to judge by. */
export interface StateEvidence {
  /** The event as it was when the run began. */
  readonly before: RecordedEvent;
  /** And after it; undefined where nobody can tell any more. */
  readonly after: RecordedEvent | undefined;
  readonly told: ToldTable;
  /** Coupons of each window in the ledger, by the window's id. */
  readonly issuedByWindow: ReadonlyMap<number, number>;
  /** The ledger holds all that was decided. */
  readonly isDrained: boolean;
}

/**
 * The checks that a server told «paused», «ended» and «window exhausted» with cause. An event that
 * was changed during the run may have been paused, or had another quota, for a part of it.
 */
export function judgeStates(evidence: StateEvidence): Check[] {
  return [judgePaused(evidence), judgeEnded(evidence), judgeExhausted(evidence)];
}

const GONE = "not judged: the event cannot be read any more";
const CHANGED = "not judged: the event was changed during the run";

function judgePaused({ before, after, told }: StateEvidence): Check {
  const wrong = new Findings();
  const isUnchanged = after?.revision === before.revision;
  if (isUnchanged && !before.paused) {
    for (let number = 1; number < told.rows; number++) {
      // Before that a server may not know yet that the event goes on.
      if ((told.timeOf(number, "pausedSent") ?? 0) < FOLLOW_MS) continue;
      wrong.add(`${seedMemberId(number)} was told «paused» while the event was not`);
    }
  }
  const right = isUnchanged ? "nobody was told «paused» while the event was not" : CHANGED;
  return wrong.check(
    "paused-true",
    3,
    after === undefined ? GONE : right,
    "«paused» told without cause",
  );
}

/** An end is final: an event that has not ended now never had. */
function judgeEnded({ after, told }: StateEvidence): Check {
  const wrong = new Findings();
  for (let number = 1; after?.ended === false && number < told.rows; number++) {
    if (!told.wasTold(number, "ended")) continue;
    wrong.add(`${seedMemberId(number)} was told «ended» while the event had not`);
  }
  const right = "nobody was told «ended» while the event had not";
  return wrong.check(
    "ended-true",
    3,
    after === undefined ? GONE : right,
    "«ended» told without cause",
  );
}

function judgeExhausted(evidence: StateEvidence): Check {
  const { before, after, told, issuedByWindow, isDrained } = evidence;
  const wrong = new Findings();
  const isUnchanged = after?.revision === before.revision;
  const isExhausted = before.windows.some(
    ({ id, quota }) => quota !== null && (issuedByWindow.get(id) ?? 0) >= quota,
  );
  for (let number = 1; isUnchanged && isDrained && !isExhausted && number < told.rows; number++) {
    if (!told.wasTold(number, "windowExhausted")) continue;
    wrong.add(
      `${seedMemberId(number)} was told «window exhausted», and no window's quota was used up`,
    );
  }
  const right = isDrained
    ? "nobody was told «window exhausted» while all windows had coupons left"
    : "not judged: the ledger has not drained";
  return wrong.check(
    "exhausted-true",
    9,
    isUnchanged ? right : after === undefined ? GONE : CHANGED,
    "«window exhausted» told without cause",
  );
}
