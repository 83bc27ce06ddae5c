/** Counts attempts by a key, such as a client's address: so many at once, then one each while. */
import { LRUCache } from "lru-cache";

export interface AttemptLimitOptions {
  /** Attempts that may come at once. */
  readonly burst: number;
  /** After them, one may come in this time. */
  readonly refillMs: number;
}

/**
 * Keys that are remembered: the one that was not seen for longest is forgotten first, and begins
 * anew. Some ten megabytes at the most.
 */
const MAX_KEYS = 50_000;

/**
 * A leaky bucket for each key, kept as one number: when it will be empty (the generic cell rate
 * algorithm, ITU-T I.371, with its «theoretical arrival time»).
 */
export class AttemptLimit {
  readonly #emptyAtMs = new LRUCache<string, number>({ max: MAX_KEYS });
  readonly #burst: number;
  readonly #refillMs: number;

  constructor({ burst, refillMs }: AttemptLimitOptions) {
    this.#burst = burst;
    this.#refillMs = refillMs;
  }

  /** How long the key must wait for its next attempt; 0 when it need not. */
  waitMs(key: string, nowMs: number): number {
    const fillMs = Math.max(0, (this.#emptyAtMs.get(key) ?? 0) - nowMs);
    return Math.max(0, fillMs - (this.#burst - 1) * this.#refillMs);
  }

  /** True for a key none of whose attempts counts any more. */
  isFresh(key: string, nowMs: number): boolean {
    return (this.#emptyAtMs.get(key) ?? 0) <= nowMs;
  }

  /** Counts an attempt, and returns 0; or what the key must wait, and then counts nothing. */
  take(key: string, nowMs: number): number {
    const waitMs = this.waitMs(key, nowMs);
    if (waitMs === 0) this.count(key, nowMs);
    return waitMs;
  }

  /** Counts an attempt also beyond the limit, where the bucket stays full. */
  count(key: string, nowMs: number): void {
    const emptyAtMs = Math.max(this.#emptyAtMs.get(key) ?? 0, nowMs) + this.#refillMs;
    this.#emptyAtMs.set(key, Math.min(emptyAtMs, nowMs + this.#burst * this.#refillMs));
  }

  /** Takes one counted attempt back. */
  giveBack(key: string): void {
    const emptyAtMs = this.#emptyAtMs.get(key);
    if (emptyAtMs !== undefined) this.#emptyAtMs.set(key, emptyAtMs - this.#refillMs);
  }

  /** Takes all attempts of the key back. */
  forget(key: string): void {
    this.#emptyAtMs.delete(key);
  }
}
