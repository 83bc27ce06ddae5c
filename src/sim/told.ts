/** What each member was told, kept small enough for a million of them. */
import {
  type Answer,
  CLOSED_OUTCOMES,
  MAX_CODE_LENGTH,
  OUTCOMES,
  type Outcome,
} from "./outcomes.ts";

/** Beside the bits of the outcomes: told `issued` more than once. */
const ISSUED_TWICE = 1 << OUTCOMES.length;
/** Told of two different coupons; the first is kept. */
const TWO_COUPONS = 1 << (OUTCOMES.length + 1);
/** Refused as one of CLOSED_OUTCOMES on a claim that was sent when it had been told `issued`. */
const TURNED_AWAY = 1 << (OUTCOMES.length + 2);

/** The arrays of a table, fit to be transferred to another thread. */
export interface ToldArrays {
  readonly flags: Uint16Array<ArrayBuffer>;
  readonly ranks: Uint32Array<ArrayBuffer>;
  /** MAX_CODE_LENGTH bytes for each member, ASCII, filled up with zeros. */
  readonly codes: Uint8Array<ArrayBuffer>;
  /** The TIMES of each row. */
  readonly times: Uint32Array<ArrayBuffer>;
}

/** When the first answer of its kind came, or for `…Sent` when its request was sent. */
const TIMES = ["issuedSent", "issued", "soldOut", "notOpenSent", "notOpen", "pausedSent"] as const;

type ToldTime = (typeof TIMES)[number];

export interface ToldGrant {
  readonly rank: number;
  readonly code: string;
}

/** Rows are numbered from 0; what a row stands for (a worker's slot, a member) is its owner's. */
export class ToldTable {
  readonly #flags: ToldArrays["flags"];
  readonly #ranks: ToldArrays["ranks"];
  readonly #codes: ToldArrays["codes"];
  readonly #times: ToldArrays["times"];
  #duplicates = 0;
  #firstSoldOutUs = Number.POSITIVE_INFINITY;
  #lastIssuedSentUs = Number.NEGATIVE_INFINITY;

  constructor(rows: number, arrays?: ToldArrays) {
    this.#flags = arrays?.flags ?? new Uint16Array(rows);
    this.#ranks = arrays?.ranks ?? new Uint32Array(rows);
    this.#codes = arrays?.codes ?? new Uint8Array(rows * MAX_CODE_LENGTH);
    this.#times = arrays?.times ?? new Uint32Array(rows * TIMES.length);
  }

  /** Members that were told of a second coupon, or twice of a new one, as counted by `record`. */
  get duplicates(): number {
    return this.#duplicates;
  }

  /** When the first «sold out» came, after the start of the run; infinity before, as of `record`. */
  get firstSoldOutUs(): number {
    return this.#firstSoldOutUs;
  }

  /** When the last of the claims that were told «issued» was sent; minus infinity before. */
  get lastIssuedSentUs(): number {
    return this.#lastIssuedSentUs;
  }

  get rows(): number {
    return this.#flags.length;
  }

  get arrays(): ToldArrays {
    return { flags: this.#flags, ranks: this.#ranks, codes: this.#codes, times: this.#times };
  }

  /**
   * Keeps an answer.
   *
   * @param sentUs and atUs when the request was sent and its answer came, after the start of the run
   */
  record(row: number, answer: Answer, sentUs: number, atUs: number): void {
    const before = this.#flags[row] ?? 0;
    let flags = before | bitOf(answer.outcome);
    if (answer.outcome === "issued" && this.wasTold(row, "issued")) flags |= ISSUED_TWICE;
    if (isClosed(answer.outcome) && this.#heldBefore(row, sentUs)) flags |= TURNED_AWAY;
    if ("rank" in answer) {
      if (this.#ranks[row] === 0) this.#keep(row, answer);
      else if (!this.#holds(row, answer)) flags |= TWO_COUPONS;
    }
    this.#flags[row] = flags;
    if ((flags & ~before & (ISSUED_TWICE | TWO_COUPONS)) !== 0) this.#duplicates++;
    if (answer.outcome === "soldOut") {
      this.#keepTime(row, "soldOut", atUs);
      this.#firstSoldOutUs = Math.min(this.#firstSoldOutUs, atUs);
    } else if (answer.outcome === "issued") {
      this.#lastIssuedSentUs = Math.max(this.#lastIssuedSentUs, sentUs);
      this.#keepTime(row, "issuedSent", sentUs);
      this.#keepTime(row, "issued", atUs);
    } else if (answer.outcome === "notOpen") {
      this.#keepTime(row, "notOpenSent", sentUs);
      this.#keepTime(row, "notOpen", atUs);
    } else if (answer.outcome === "paused") {
      this.#keepTime(row, "pausedSent", sentUs);
    }
  }

  /** Whether the member had been told «issued» when it sent a claim. */
  #heldBefore(row: number, sentUs: number): boolean {
    const issuedMs = this.timeOf(row, "issued");
    return issuedMs !== undefined && sentUs >= (issuedMs + 1) * 1000;
  }

  /** The first one is kept, one more than it is: 0 is never. */
  #keepTime(row: number, time: ToldTime, us: number): void {
    const at = row * TIMES.length + TIMES.indexOf(time);
    if (this.#times[at] === 0) this.#times[at] = Math.max(0, Math.floor(us / 1000)) + 1;
  }

  /** In whole ms after the start of the run, rounded down; undefined when it did not happen. */
  timeOf(row: number, time: ToldTime): number | undefined {
    const kept = this.#times[row * TIMES.length + TIMES.indexOf(time)] ?? 0;
    return kept === 0 ? undefined : kept - 1;
  }

  #keep(row: number, grant: ToldGrant): void {
    this.#ranks[row] = grant.rank;
    const start = row * MAX_CODE_LENGTH;
    for (let at = 0; at < grant.code.length; at++) {
      this.#codes[start + at] = grant.code.charCodeAt(at);
    }
  }

  /** Whether it is the coupon that was kept. */
  #holds(row: number, { rank, code }: ToldGrant): boolean {
    if (this.#ranks[row] !== rank) return false;
    const start = row * MAX_CODE_LENGTH;
    for (let at = 0; at < code.length; at++) {
      if (this.#codes[start + at] !== code.charCodeAt(at)) return false;
    }
    return code.length === MAX_CODE_LENGTH || this.#codes[start + code.length] === 0;
  }

  wasTold(row: number, outcome: Outcome): boolean {
    return ((this.#flags[row] ?? 0) & bitOf(outcome)) !== 0;
  }

  wasToldAnything(row: number): boolean {
    return this.#flags[row] !== 0;
  }

  wasIssuedTwice(row: number): boolean {
    return ((this.#flags[row] ?? 0) & ISSUED_TWICE) !== 0;
  }

  wasToldTwoCoupons(row: number): boolean {
    return ((this.#flags[row] ?? 0) & TWO_COUPONS) !== 0;
  }

  wasTurnedAway(row: number): boolean {
    return ((this.#flags[row] ?? 0) & TURNED_AWAY) !== 0;
  }

  /** The coupon that the member was told of first; undefined when it was told of none. */
  grantOf(row: number): ToldGrant | undefined {
    const rank = this.#ranks[row] ?? 0;
    if (rank === 0) return undefined;
    const start = row * MAX_CODE_LENGTH;
    let code = "";
    for (let at = start; at < start + MAX_CODE_LENGTH; at++) {
      const byte = this.#codes[at] ?? 0;
      if (byte === 0) break;
      code += String.fromCharCode(byte);
    }
    return { rank, code };
  }

  /** Takes over a row of another table where this one has nothing. Without views: there may be millions. */
  copyRow(row: number, from: ToldTable, fromRow: number): void {
    const flags = from.#flags[fromRow] ?? 0;
    if (flags === 0) return;
    this.#flags[row] = flags;
    this.#ranks[row] = from.#ranks[fromRow] ?? 0;
    for (let at = 0; at < MAX_CODE_LENGTH; at++) {
      const byte = from.#codes[fromRow * MAX_CODE_LENGTH + at] ?? 0;
      if (byte === 0) break;
      this.#codes[row * MAX_CODE_LENGTH + at] = byte;
    }
    for (let time = 0; time < TIMES.length; time++) {
      this.#times[row * TIMES.length + time] = from.#times[fromRow * TIMES.length + time] ?? 0;
    }
  }
}

function isClosed(outcome: Outcome): boolean {
  return CLOSED_OUTCOMES.some((closed) => closed === outcome);
}

function bitOf(outcome: Outcome): number {
  return 1 << OUTCOMES.indexOf(outcome);
}
