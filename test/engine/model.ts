/** What the engines must do, said a second time in the plainest way: the model of the contract. */
import type { ClaimOutcome } from "../../src/server/claims/engine.ts";

export interface ModelWindow {
  readonly id: number;
  readonly quota: number | null;
}

export class Model {
  readonly rankOf = new Map<string, number>();
  private readonly issuedIn = new Map<number, number>();
  paused = false;
  ended = false;
  window: ModelWindow | undefined;

  constructor(public stock: number) {}

  /** The outcome that the claim must have, and the rank it must give, if any. */
  claim(member: string): { outcome: ClaimOutcome; rank?: number } {
    const rank = this.rankOf.get(member);
    if (rank !== undefined) return { outcome: "already_issued", rank };
    if (this.ended) return { outcome: "ended" };
    if (this.rankOf.size >= this.stock) return { outcome: "sold_out" };
    if (this.paused) return { outcome: "paused" };
    if (this.window === undefined) return { outcome: "not_open" };
    const used = this.issuedIn.get(this.window.id) ?? 0;
    if (this.window.quota !== null && used >= this.window.quota) {
      return { outcome: "window_exhausted" };
    }
    this.issuedIn.set(this.window.id, used + 1);
    this.rankOf.set(member, this.rankOf.size + 1);
    return { outcome: "issued", rank: this.rankOf.size };
  }
}
