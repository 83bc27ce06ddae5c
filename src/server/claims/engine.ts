/**
 * The engine decides claims. Two implementations, `embedded` and `redis`, pass one contract suite
 * (test/engine/contract.ts). The engine alone holds the clock that judges windows (invariant 3).
 */
import type { Redis } from "ioredis";
import type { EventDefinition } from "../events/event.ts";
import type { LedgerGrant } from "../ledger/read.ts";
import type { Durability } from "./durability.ts";

/** A granted claim as the engine keeps it; the code follows from the rank (code.ts). */
export interface Grant {
  /** 1 for the first coupon of the event. */
  readonly rank: number;
  readonly windowId: number;
  readonly issuedAtMs: number;
}

/**
 * What became of one claim. Refusals are ordinary results; only broken infrastructure throws. A
 * refusal carries the time at which it was decided, by the engine's clock.
 */
export type ClaimDecision =
  | { readonly outcome: "issued"; readonly grant: Grant }
  | { readonly outcome: "already_issued"; readonly grant: Grant }
  | { readonly outcome: "sold_out" | "ended" | "paused"; readonly decidedAtMs: number }
  /** No window is open; `opensAtMs` is the next one's opening, where there is one. */
  | {
      readonly outcome: "not_open";
      readonly decidedAtMs: number;
      readonly opensAtMs: number | null;
    }
  /** The open window has issued its quota, the event still has stock. */
  | {
      readonly outcome: "window_exhausted";
      readonly decidedAtMs: number;
      readonly opensAtMs: number | null;
    };

export type ClaimOutcome = ClaimDecision["outcome"];

/** Where an event stands, by the engine's own count and clock. */
export interface EngineStatus {
  readonly issued: number;
  readonly nowMs: number;
}

/** The engine cannot decide now (Redis away, recovery under way). The claim may be repeated. */
export class EngineUnavailableError extends Error {}

export interface ClaimEngine {
  readonly kind: "embedded" | "redis";

  /** Where its decisions are beside the database, for administration to ask (redis/consent.ts). */
  readonly redis?: Redis;

  /**
   * Brings the engine to this definition, and on first sight to what the ledger already holds.
   * An older revision than the engine's is ignored. Safe to repeat, in several processes at once.
   */
  prepare(event: EventDefinition): Promise<void>;

  /**
   * Decides the claims of one event in their order, as one atomic step, and returns a decision for
   * each. `issued` is returned only once the grant is as durable as the engine promises.
   *
   * @throws EngineUnavailableError when it is unknown whether the claims were decided; repeating
   * them is safe, since a member is granted at most one.
   */
  claim(event: EventDefinition, memberIds: readonly string[]): Promise<readonly ClaimDecision[]>;

  /** The member's grant, if there is one. */
  find(event: EventDefinition, memberId: string): Promise<Grant | undefined>;

  status(event: EventDefinition): Promise<EngineStatus>;

  /**
   * When the oldest issuance of these events was decided that the ledger lacks, by the engine's
   * clock; null when it lacks none. Issuances that the ledger refuses do not count.
   */
  oldestPendingAtMs(events: readonly EventDefinition[]): Promise<number | null>;

  /** What a crash may lose of what was answered. */
  durability(): Promise<Durability>;

  /**
   * What was granted and may not be in the ledger yet, a page at a time. Who finds nothing here, and
   * nothing in the ledger afterwards, knows that it was not granted before the call.
   */
  undelivered(event: EventDefinition): AsyncIterable<readonly LedgerGrant[]>;

  /** @throws EngineUnavailableError when no claim could be decided now */
  check(): Promise<void>;

  /** @returns false when something is left that must still come to the ledger; it is kept */
  close(): Promise<boolean>;
}
