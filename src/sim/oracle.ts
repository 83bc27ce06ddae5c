/**
 * The judge of a run: compares what every client was told with what the ledger holds. The ledger's
 * own consistency is `verifyEvent`'s part; here it is about the members' view.
 */
import { type Check, Findings } from "../server/ledger/findings.ts";
import type { LedgerRow } from "../server/ledger/read.ts";
import { seedMemberId } from "../server/members/seed.ts";
import { judgeStates } from "./oracle-states.ts";
import { FOLLOW_MS, judgeTimes, type LastIssuance } from "./oracle-times.ts";
import { CLOSED_OUTCOMES } from "./outcomes.ts";
import type { RecordedEvent, Records } from "./records.ts";
import { OUTCOME_NAMES } from "./report-text.ts";
import { CREDENTIALS } from "./scenario.ts";
import type { OutcomeCounts } from "./tally.ts";
import type { ToldTable } from "./told.ts";

/** Which of the run's members held a coupon before it began. */
export interface Holders {
  /** Element n is 1 when the seeded member with number n held one. */
  readonly byNumber: Uint8Array;
  /** Issuances of the event, whoever holds them. */
  readonly issued: number;
}

/** What the clients were told in a run. */
export interface Testimony {
  /** Row n is the seeded member with number n. */
  readonly told: ToldTable;
  readonly outcomes: OutcomeCounts;
  /** Element n is what the member with number n showed, as in CREDENTIALS. */
  readonly credentials: Uint8Array;
  /** The start of the run, by this machine's wall clock. */
  readonly startedAtMs: number;
  /** Claims were decided by this machine's wall clock too. */
  readonly sameClock: boolean;
  /** The event is the run's own: nobody but the run's members claims from it. */
  readonly ownEvent: boolean;
}

/** Reads who of the members 1 … users holds a coupon of the event. */
export async function readHolders(records: Records, users: number): Promise<Holders> {
  const byNumber = new Uint8Array(users + 1);
  let issued = 0;
  for await (const page of records.pages()) {
    for (const { memberId } of page) {
      issued++;
      const number = memberNumber(memberId, users);
      if (number !== undefined) byNumber[number] = 1;
    }
  }
  return { byNumber, issued };
}

/** What the judge reads. */
type JudgedRecords = Pick<Records, "event" | "pages">;

/** What is left of records that only a server could tell which is gone: nothing. */
export const LOST_RECORDS: JudgedRecords = {
  event: async () => undefined,
  async *pages() {},
};

/**
 * Judges a run.
 *
 * @param event as it was when the run began
 * @param before who held a coupon then
 * @param isDrained else what the ledger lacks proves nothing; what it holds, and what the members
 * were told, is judged all the same
 */
export async function judge(
  records: JudgedRecords,
  event: RecordedEvent,
  before: Holders,
  testimony: Testimony,
  isDrained: boolean,
): Promise<Check[]> {
  // Read again: its stock or its windows may have been changed during the run.
  const found = await records.event();
  const eventNow = found ?? event;
  const restocked = eventNow.stock !== event.stock;
  const oracle = new Oracle(eventNow, before, testimony, { restocked, isDrained });
  for await (const page of records.pages()) {
    for (const row of page) oracle.readRow(row);
  }
  const times = judgeTimes(eventNow, testimony, oracle.last, restocked);
  const after = await readState(records, found, testimony.outcomes);
  const { told } = testimony;
  const { issuedByWindow } = oracle;
  const states = judgeStates({ before: event, after, told, issuedByWindow, isDrained });
  return [...oracle.conclude(), ...times, ...states];
}

/**
 * The event, read once more where its record lacks what members were told: of several servers, the
 * one that tells the record may be behind the one that told the members.
 */
async function readState(
  records: JudgedRecords,
  found: RecordedEvent | undefined,
  outcomes: OutcomeCounts,
): Promise<RecordedEvent | undefined> {
  const isMissed = outcomes.paused > 0 && found?.paused === false;
  if (!isMissed && !(outcomes.ended > 0 && found?.ended === false)) return found;
  await Bun.sleep(FOLLOW_MS);
  return await records.event();
}

const NOT_DRAINED = "not judged: the ledger has not drained";

/** The number of a seeded member of this run, from its id. */
function memberNumber(memberId: string, users: number): number | undefined {
  const number = Number(memberId.slice(memberId.lastIndexOf("-") + 1));
  const known = Number.isInteger(number) && number >= 1 && number <= users;
  return known && seedMemberId(number) === memberId ? number : undefined;
}

class Oracle {
  readonly #event: RecordedEvent;
  readonly #before: Holders;
  readonly #testimony: Testimony;
  /** The stock was changed during the run: coupons may come after a true «sold out». */
  readonly #restocked: boolean;
  readonly #isDrained: boolean;
  readonly #inLedger: Uint8Array;
  readonly #broken = new Findings();
  readonly #contradicted = new Findings();
  readonly #intruded = new Findings();
  /** The issuance that was decided last. */
  last: LastIssuance | undefined;
  /** How many coupons the ledger has of each window. */
  readonly issuedByWindow = new Map<number, number>();
  #issued = 0;
  /** Issuances of this run's members that did not exist before it. */
  #newIssuances = 0;
  /** Promises that a ledger which has not drained does not hold yet. */
  #awaited = 0;

  constructor(
    event: RecordedEvent,
    before: Holders,
    testimony: Testimony,
    { restocked, isDrained }: { readonly restocked: boolean; readonly isDrained: boolean },
  ) {
    this.#event = event;
    this.#before = before;
    this.#testimony = testimony;
    this.#restocked = restocked;
    this.#isDrained = isDrained;
    this.#inLedger = new Uint8Array(testimony.told.rows);
  }

  readRow(row: LedgerRow): void {
    this.#issued++;
    this.issuedByWindow.set(row.windowId, (this.issuedByWindow.get(row.windowId) ?? 0) + 1);
    if (this.last === undefined || row.issuedAtMs >= this.last.issuedAtMs) this.last = row;
    const number = memberNumber(row.memberId, this.#testimony.told.rows - 1);
    if (number === undefined) {
      if (this.#testimony.ownEvent) {
        this.#contradicted.add(
          `${row.memberId} is not of this run, the ledger has rank ${row.rank}`,
        );
      }
      return;
    }
    this.#inLedger[number] = 1;
    const isNew = this.#before.byNumber[number] !== 1;
    if (isNew) {
      this.#newIssuances++;
      const shown = this.#wrongCredential(number);
      if (shown !== undefined) {
        this.#intruded.add(`${row.memberId} ${shown}, the ledger has rank ${row.rank}`);
      }
    }
    const { told } = this.#testimony;
    // A holder is told so whenever it asks, whether or not the event is open.
    const refusal = CLOSED_OUTCOMES.find((outcome) => told.wasTold(number, outcome));
    if (refusal !== undefined && (told.wasTurnedAway(number) || !isNew)) {
      const words = OUTCOME_NAMES[refusal];
      this.#contradicted.add(`${row.memberId} held rank ${row.rank} and was told «${words}»`);
    }
    const grant = told.grantOf(number);
    if (grant === undefined) this.#readUntold(number, row, isNew);
    else if (grant.rank !== row.rank || grant.code !== row.code) {
      const differs = grant.rank === row.rank ? "another code" : `rank ${row.rank}`;
      this.#broken.add(`${row.memberId} was told rank ${grant.rank}, the ledger has ${differs}`);
    }
  }

  /** A row whose member was never told of a coupon: right only where an answer is missing. */
  #readUntold(number: number, row: LedgerRow, isNew: boolean): void {
    const { told } = this.#testimony;
    const isUnsure = told.wasTold(number, "unknown") || told.wasTold(number, "error");
    // «Sold out» is wrong before an unanswered claim that was granted, and after it.
    const isSoldOut = told.wasTold(number, "soldOut");
    if (isUnsure && (this.#restocked || !isSoldOut)) return;
    if (isSoldOut) {
      this.#contradicted.add(
        `${row.memberId} was told «sold out», the ledger has rank ${row.rank}`,
      );
    } else if (isNew) {
      const what = told.wasToldAnything(number) ? "was refused" : "made no claim";
      this.#contradicted.add(`${row.memberId} ${what}, the ledger has rank ${row.rank}`);
    }
  }

  /** What an intruder showed, in words; undefined for an honest member. */
  #wrongCredential(number: number): string | undefined {
    const credential = CREDENTIALS[this.#testimony.credentials[number] ?? 0] ?? "valid";
    if (credential === "valid") return undefined;
    return credential === "none" ? "showed no token" : `showed a token that is ${credential}`;
  }

  conclude(): Check[] {
    return [...this.#judgeMembers(), ...this.#judgeTotals()];
  }

  #judgeMembers(): Check[] {
    const { told } = this.#testimony;
    const twice = new Findings();
    const shared = new Findings();
    const holderOf = new Map<string, string>();
    let granted = 0;
    let intruders = 0;
    for (let number = 1; number < told.rows; number++) {
      const id = seedMemberId(number);
      if (told.wasIssuedTwice(number)) twice.add(`${id} was told «issued» more than once`);
      if (told.wasToldTwoCoupons(number)) twice.add(`${id} was told of two different coupons`);
      const grant = told.grantOf(number);
      const shown = this.#wrongCredential(number);
      if (shown !== undefined) intruders++;
      if (grant === undefined) continue;
      granted++;
      if (shown !== undefined) this.#intruded.add(`${id} ${shown} and was told rank ${grant.rank}`);
      if (told.wasTold(number, "soldOut") && !this.#restocked) {
        this.#contradicted.add(`${id} was told «sold out», and of rank ${grant.rank}`);
      }
      const other = holderOf.get(grant.code);
      if (other !== undefined) shared.add(`${other} and ${id} were told the same code`);
      else holderOf.set(grant.code, id);
      if (this.#inLedger[number] === 0 && !this.#isDrained) this.#awaited++;
      else if (this.#inLedger[number] === 0) {
        this.#broken.add(`${id} was told rank ${grant.rank}, the ledger has nothing`);
      }
    }
    const beyond = new Findings();
    const { stock } = this.#event;
    if (granted > stock)
      beyond.add(`${amount(granted)} members were told of a coupon, the stock is ${amount(stock)}`);
    return [
      beyond.check(
        "told-stock",
        1,
        `${amount(granted)} members hold a coupon, stock ${amount(stock)}`,
        "more coupons told than the stock",
      ),
      twice.check("told-once", 2, "nobody was told of a second coupon", "second coupons told"),
      this.#broken.check(
        "told-kept",
        5,
        this.#awaited === 0
          ? `all ${amount(granted)} promises are in the ledger, rank and code`
          : `${amount(granted - this.#awaited)} promises are in the ledger, ${amount(this.#awaited)} ${NOT_DRAINED}`,
        "promises that the ledger does not keep",
      ),
      shared.check(
        "told-unique",
        8,
        "no two members were told one code",
        "codes that two members were told",
      ),
      this.#intruded.check(
        "intruders-refused",
        4,
        intruders === 0
          ? "there were no intruders"
          : `none of ${amount(intruders)} intruders was served`,
        "intruders served",
      ),
      this.#contradicted.check(
        "refusals-kept",
        6,
        "nobody who was refused holds a coupon",
        "refused members who hold a coupon",
      ),
    ];
  }

  #describeSoldOut(): string {
    if (this.#restocked) return "not judged: the stock was changed during the run";
    return this.#isDrained ? "nobody was told «sold out» while coupons were left" : NOT_DRAINED;
  }

  #judgeTotals(): Check[] {
    const { outcomes } = this.#testimony;
    const unsure = outcomes.unknown + outcomes.error;
    const explained = new Findings();
    const isTooFew = this.#newIssuances < outcomes.issued;
    const isTooMany = this.#newIssuances > outcomes.issued + unsure;
    if (isTooMany || (isTooFew && this.#isDrained)) {
      explained.add(
        `${amount(this.#newIssuances)} new in the ledger, ${amount(outcomes.issued)} told, ${amount(unsure)} without a clear answer`,
      );
    }
    const early = new Findings();
    const left = this.#event.stock - this.#issued;
    if (outcomes.soldOut > 0 && left > 0 && this.#isDrained && !this.#restocked) {
      early.add(
        `${amount(outcomes.soldOut)} were told «sold out», ${amount(left)} coupons are left`,
      );
    }
    return [
      explained.check(
        "all-explained",
        7,
        isTooFew
          ? NOT_DRAINED
          : `${amount(this.#newIssuances)} new in the ledger: ${amount(outcomes.issued)} told, ${amount(unsure)} unclear answers`,
        "the ledger's new issuances are not those told",
      ),
      early.check("sold-out-true", 9, this.#describeSoldOut(), "«sold out» told too early"),
    ];
  }
}

function amount(count: number): string {
  return count.toLocaleString("en-US");
}
