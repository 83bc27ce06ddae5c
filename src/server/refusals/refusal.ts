/** What a member without a coupon was told, first and last (docs/decisions/refusals-kept.md). */
import type { ClaimDecision, ClaimOutcome } from "../claims/engine.ts";

/** The outcomes of claims that were refused. */
export type RefusedOutcome = Exclude<ClaimOutcome, "issued" | "already_issued">;

export type RefusedDecision = Extract<ClaimDecision, { readonly outcome: RefusedOutcome }>;

export interface Refusal {
  readonly eventId: string;
  readonly memberId: string;
  readonly firstOutcome: string;
  readonly firstAtMs: number;
  readonly lastOutcome: string;
  readonly lastAtMs: number;
  /** Refused claims that were kept, the first and the last among them. */
  readonly times: number;
}

/**
 * In place of a member, in the row that counts what was not kept of an event: no member has an empty
 * id (members/member-id.ts).
 */
export const UNKEPT_MEMBER_ID = "";
export const UNKEPT_OUTCOME = "not_kept";

/** Whether the claim was refused. */
export function isRefused(decision: ClaimDecision): decision is RefusedDecision {
  return decision.outcome !== "issued" && decision.outcome !== "already_issued";
}
