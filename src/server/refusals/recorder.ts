/**
 * Keeps what members without a coupon were told. The combiner hands over each batch as it is, one
 * call for hundreds of claims; it is looked through when no claim is waiting, a slice at a time, and
 * written by another thread. Whatever does not fit its bounds is dropped, and counted
 * (docs/decisions/refusals-kept.md).
 */
import type { ClaimDecision } from "../claims/engine.ts";
import { waitAtMost } from "../deadline.ts";
import { isRefused, type Refusal, UNKEPT_MEMBER_ID, UNKEPT_OUTCOME } from "./refusal.ts";

export interface RecorderLimits {
  /** Decisions in batches that wait to be looked through; a batch beyond them is dropped unseen. */
  readonly maxHeldDecisions: number;
  /** Members, of all events, that wait to be written; a refusal of another one is dropped. */
  readonly maxHeldMembers: number;
  /** Decisions looked through in one slice: below a millisecond. */
  readonly decisionsPerSlice: number;
  /** The same while claims wait, which it does when half the room for decisions is taken. */
  readonly decisionsPerBusySlice: number;
  /** Members written in one transaction: a few milliseconds during which a commit waits. */
  readonly membersPerWrite: number;
  /** The pause between two slices, and between two writes. */
  readonly pauseMs: number;
  /** It is written when no batch has come for so long … */
  readonly quietMs: number;
  /** … or when nothing has been written for so long, or when half the members' room is taken. */
  readonly maxAgeMs: number;
  /** How long a stopping server waits for what is still to be written. */
  readonly closeTimeoutMs: number;
}

export const DEFAULT_RECORDER_LIMITS: RecorderLimits = {
  maxHeldDecisions: 100_000,
  maxHeldMembers: 100_000,
  decisionsPerSlice: 4_096,
  decisionsPerBusySlice: 1_024,
  membersPerWrite: 1_000,
  pauseMs: 25,
  quietMs: 500,
  maxAgeMs: 10_000,
  closeTimeoutMs: 3_000,
};

export interface RecorderOptions {
  /** Resolves when they are written. Rejects when none is. */
  readonly write: (refusals: readonly Refusal[]) => Promise<void>;
  /** Whether no claim waits now. */
  readonly isQuiet: () => boolean;
  readonly nowMs: () => number;
  /** Told when something could not be written; it is dropped. */
  readonly onFailure: (error: unknown) => void;
  readonly limits?: RecorderLimits;
}

interface HeldBatch {
  readonly eventId: string;
  readonly memberIds: readonly string[];
  readonly decisions: readonly ClaimDecision[];
}

type HeldRefusal = { -readonly [Field in keyof Refusal]: Refusal[Field] };

export class RefusalRecorder {
  private readonly limits: RecorderLimits;
  private batches: HeldBatch[] = [];
  private heldDecisions = 0;
  /** By event, then by member. */
  private readonly refusals = new Map<string, Map<string, HeldRefusal>>();
  /** Those that are being written; what comes of the same members meanwhile is held anew. */
  private outgoing: Refusal[] = [];
  private heldMembers = 0;
  private readonly unkept = new Map<string, number>();
  private timer: Timer | undefined;
  private takenAtMs = Number.NEGATIVE_INFINITY;
  private writtenAtMs: number;

  constructor(private readonly options: RecorderOptions) {
    this.limits = options.limits ?? DEFAULT_RECORDER_LIMITS;
    this.writtenAtMs = options.nowMs();
  }

  /** Takes over a batch; the arrays must not change any more. */
  take(eventId: string, memberIds: readonly string[], decisions: readonly ClaimDecision[]): void {
    if (this.heldDecisions + decisions.length > this.limits.maxHeldDecisions) {
      this.drop(eventId, decisions.length);
    } else {
      this.batches.push({ eventId, memberIds, decisions });
      this.heldDecisions += decisions.length;
    }
    this.takenAtMs = this.options.nowMs();
    this.wakeLater();
  }

  /** Looks through all that is held, and writes it, as far as that is done in time. */
  async close(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    while (this.batches.length > 0) this.lookThroughSlice(this.limits.decisionsPerSlice);
    const written = (async () => {
      while (this.hasUnwritten() && (await this.writeSome()));
    })();
    await waitAtMost(written, this.limits.closeTimeoutMs);
  }

  private wakeLater(): void {
    if (this.timer !== undefined) return;
    this.timer = setTimeout(() => void this.wake(), this.limits.pauseMs);
    this.timer.unref();
  }

  private async wake(): Promise<void> {
    const timer = this.timer;
    if (this.options.isQuiet()) {
      if (this.batches.length > 0) this.lookThroughSlice(this.limits.decisionsPerSlice);
      else if (this.hasUnwritten() && this.isDue()) await this.writeSome();
    } else if (this.heldDecisions > this.limits.maxHeldDecisions / 2) {
      // A rush without a pause would otherwise fill the room with those who were issued a coupon.
      this.lookThroughSlice(this.limits.decisionsPerBusySlice);
    }
    // close() may have come in between.
    if (this.timer !== timer) return;
    this.timer = undefined;
    if (this.batches.length > 0 || this.hasUnwritten()) this.wakeLater();
  }

  private lookThroughSlice(decisions: number): void {
    let seen = 0;
    let taken = 0;
    while (seen < decisions && taken < this.batches.length) {
      const batch = this.batches[taken++];
      if (batch === undefined) break;
      seen += batch.decisions.length;
      this.lookThrough(batch);
    }
    this.batches = this.batches.slice(taken);
    this.heldDecisions -= seen;
  }

  private lookThrough({ eventId, memberIds, decisions }: HeldBatch): void {
    decisions.forEach((decision, position) => {
      const memberId = memberIds[position];
      if (memberId === undefined || !isRefused(decision)) return;
      this.note(eventId, memberId, decision.outcome, decision.decidedAtMs);
    });
  }

  private note(eventId: string, memberId: string, outcome: string, atMs: number): void {
    let ofEvent = this.refusals.get(eventId);
    if (ofEvent === undefined) {
      ofEvent = new Map();
      this.refusals.set(eventId, ofEvent);
    }
    const known = ofEvent.get(memberId);
    if (known !== undefined) {
      known.lastOutcome = outcome;
      known.lastAtMs = atMs;
      known.times++;
    } else if (this.heldMembers < this.limits.maxHeldMembers) {
      ofEvent.set(memberId, {
        eventId,
        memberId,
        firstOutcome: outcome,
        firstAtMs: atMs,
        lastOutcome: outcome,
        lastAtMs: atMs,
        times: 1,
      });
      this.heldMembers++;
    } else this.drop(eventId, 1);
  }

  private drop(eventId: string, decisions: number): void {
    this.unkept.set(eventId, (this.unkept.get(eventId) ?? 0) + decisions);
  }

  private hasUnwritten(): boolean {
    return this.heldMembers > 0 || this.unkept.size > 0;
  }

  /** Members who press again and again are written once for many refusals. */
  private isDue(): boolean {
    if (this.heldMembers >= this.limits.maxHeldMembers / 2) return true;
    const nowMs = this.options.nowMs();
    const isQuiet = nowMs - this.takenAtMs >= this.limits.quietMs;
    return isQuiet || nowMs - this.writtenAtMs >= this.limits.maxAgeMs;
  }

  /** False when it could not be written: it is dropped then. */
  private async writeSome(): Promise<boolean> {
    const some = [...this.takeUnkept(), ...this.takeRefusals()];
    if (!this.hasUnwritten()) this.writtenAtMs = this.options.nowMs();
    try {
      await this.options.write(some);
      return true;
    } catch (error) {
      for (const { eventId, times } of some) this.drop(eventId, times);
      // The next attempt waits as long as one that went well.
      this.takenAtMs = this.options.nowMs();
      this.writtenAtMs = this.takenAtMs;
      this.options.onFailure(error);
      return false;
    }
  }

  private takeUnkept(): Refusal[] {
    const nowMs = this.options.nowMs();
    const rows = Array.from(this.unkept, ([eventId, times]) => ({
      eventId,
      memberId: UNKEPT_MEMBER_ID,
      firstOutcome: UNKEPT_OUTCOME,
      firstAtMs: nowMs,
      lastOutcome: UNKEPT_OUTCOME,
      lastAtMs: nowMs,
      times,
    }));
    this.unkept.clear();
    return rows;
  }

  private takeRefusals(): Refusal[] {
    if (this.outgoing.length === 0) {
      this.outgoing = [...this.refusals.values()].flatMap((ofEvent) => [...ofEvent.values()]);
      this.refusals.clear();
    }
    const taken = this.outgoing.splice(-this.limits.membersPerWrite);
    this.heldMembers -= taken.length;
    return taken;
  }
}
