/**
 * The combiner gathers the claims that arrive together and hands them to the engine as one batch:
 * one script call or one disk flush for hundreds of members. Its queue is bounded.
 */
import type { EventDefinition } from "../events/event.ts";
import type { ClaimDecision, ClaimEngine } from "./engine.ts";
import { ClaimTally } from "./tally.ts";

export interface CombinerLimits {
  /** Claims in one call of the engine. At most 1,000 (claim-batch.lua). */
  readonly maxBatch: number;
  /** Calls of the engine under way at once, for one event. */
  readonly maxBatchesInFlight: number;
  /** Claims of all events that wait; beyond them a claim is answered `overloaded` at once. */
  readonly maxQueued: number;
}

/** About 0.1 s of work at 100,000 claims a second, so that nobody waits long to be sent away. */
export const DEFAULT_COMBINER_LIMITS: CombinerLimits = {
  maxBatch: 512,
  maxBatchesInFlight: 2,
  maxQueued: 10_000,
};

/** Told of every batch that was decided: its members, and the decisions in their order. */
export type OnDecided = (
  eventId: string,
  memberIds: readonly string[],
  decisions: readonly ClaimDecision[],
) => void;

export type ClaimAnswer = ClaimDecision | { readonly outcome: "overloaded" };

const overloaded: Promise<ClaimAnswer> = Promise.resolve({ outcome: "overloaded" });

interface WaitingClaim {
  readonly memberId: string;
  resolve(decision: ClaimDecision): void;
  reject(error: unknown): void;
}

interface EventQueue {
  event: EventDefinition;
  waiting: WaitingClaim[];
  batchesInFlight: number;
  flushScheduled: boolean;
  readonly tally: ClaimTally;
}

export class Combiner {
  private readonly queues = new Map<string, EventQueue>();
  private queued = 0;
  private underWay = 0;
  private idleWaiters: (() => void)[] = [];

  constructor(
    private readonly engine: ClaimEngine,
    private readonly limits: CombinerLimits = DEFAULT_COMBINER_LIMITS,
    private readonly onDecided?: OnDecided,
  ) {}

  /** True while no claim waits and none is being decided. */
  get isIdle(): boolean {
    return this.queued + this.underWay === 0;
  }

  /** How many claims wait for a place in a batch. */
  get queueDepth(): number {
    return this.queued;
  }

  /**
   * Decides one claim, together with those that arrive while this turn of the event loop lasts or
   * while earlier batches are under way.
   *
   * @throws (rejects) EngineUnavailableError as the engine does
   */
  claim(event: EventDefinition, memberId: string): Promise<ClaimAnswer> {
    const queue = this.queueOf(event);
    if (this.queued >= this.limits.maxQueued) {
      queue.tally.outcomes.overloaded++;
      return overloaded;
    }
    const decision = new Promise<ClaimAnswer>((resolve, reject) => {
      queue.waiting.push({ memberId, resolve, reject });
    });
    this.queued++;
    this.schedule(queue);
    return decision;
  }

  /** What became of the event's claims; undefined where it had none. */
  tallyOf(eventId: string): ClaimTally | undefined {
    return this.queues.get(eventId)?.tally;
  }

  /** What became of claims, by event. */
  *tallies(): Iterable<readonly [eventId: string, tally: ClaimTally]> {
    for (const [eventId, { tally }] of this.queues) yield [eventId, tally];
  }

  /** Resolves when every claim has been answered. */
  async idle(): Promise<void> {
    if (this.isIdle) return;
    await new Promise<void>((resolve) => this.idleWaiters.push(resolve));
  }

  private queueOf(event: EventDefinition): EventQueue {
    let queue = this.queues.get(event.id);
    if (queue === undefined) {
      const tally = new ClaimTally();
      queue = { event, waiting: [], batchesInFlight: 0, flushScheduled: false, tally };
      this.queues.set(event.id, queue);
    }
    if (event.revision > queue.event.revision) queue.event = event;
    return queue;
  }

  /** Sends at the end of this turn, when all that arrived in it is there. */
  private schedule(queue: EventQueue): void {
    if (queue.flushScheduled || queue.batchesInFlight >= this.limits.maxBatchesInFlight) return;
    queue.flushScheduled = true;
    setImmediate(() => {
      queue.flushScheduled = false;
      this.flush(queue);
    });
  }

  private flush(queue: EventQueue): void {
    while (queue.waiting.length > 0 && queue.batchesInFlight < this.limits.maxBatchesInFlight) {
      const batch = queue.waiting.splice(0, this.limits.maxBatch);
      this.queued -= batch.length;
      this.underWay += batch.length;
      queue.batchesInFlight++;
      void this.decide(queue, batch);
    }
  }

  private async decide(queue: EventQueue, batch: readonly WaitingClaim[]): Promise<void> {
    const { outcomes } = queue.tally;
    const startedMs = performance.now();
    try {
      const memberIds = batch.map((claim) => claim.memberId);
      const decisions = await this.engine.claim(queue.event, memberIds);
      queue.tally.countBatch(batch.length, performance.now() - startedMs);
      batch.forEach((claim, position) => {
        const decision = decisions[position];
        if (decision === undefined) claim.reject(new Error("the engine left a claim undecided"));
        else {
          outcomes[decision.outcome]++;
          claim.resolve(decision);
        }
      });
      this.onDecided?.(queue.event.id, memberIds, decisions);
    } catch (error) {
      outcomes.failed += batch.length;
      for (const claim of batch) claim.reject(error);
    }
    queue.batchesInFlight--;
    this.underWay -= batch.length;
    if (queue.waiting.length > 0) this.schedule(queue);
    if (this.isIdle) {
      for (const resolve of this.idleWaiters.splice(0)) resolve();
    }
  }
}
