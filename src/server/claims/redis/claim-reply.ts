/** Reads the result of claim-batch.lua, whose header states it. */
import type { ClaimDecision } from "../engine.ts";
import { parseGrant } from "./grant-text.ts";

/** The header's negative results, by their number; a test compares the two. */
export const REFUSALS = {
  [-1]: "ended",
  [-2]: "sold_out",
  [-3]: "paused",
  [-4]: "not_open",
  [-5]: "window_exhausted",
} as const satisfies Record<number, ClaimDecision["outcome"]>;

/** Elements before the members' results, and the window's id after them. */
const HEAD_LENGTH = 3;
const TAIL_LENGTH = 1;

/**
 * The decisions in the order of the members, or undefined when the script decided nothing and asks
 * for the event to be prepared.
 *
 * @throws when the reply is not one of claim-batch.lua
 */
export function readReply(
  reply: unknown,
  memberCount: number,
): readonly ClaimDecision[] | undefined {
  if (!Array.isArray(reply)) throw new Error("claim-batch.lua answered no array");
  if (reply[0] === 0) return undefined;
  if (reply.length !== HEAD_LENGTH + memberCount + TAIL_LENGTH) {
    throw new Error("claim-batch.lua answered for another number of members");
  }
  const nowMs = integer(reply[1]);
  const next = integer(reply[2]);
  const windowId = integer(reply.at(-1));
  const opensAtMs = next === -1 ? null : next;
  return reply.slice(HEAD_LENGTH, -TAIL_LENGTH).map((result: unknown): ClaimDecision => {
    if (typeof result === "string") {
      return { outcome: "already_issued", grant: parseGrant(result) };
    }
    const rank = integer(result);
    if (rank > 0) return { outcome: "issued", grant: { rank, windowId, issuedAtMs: nowMs } };
    return refusal(rank, nowMs, opensAtMs);
  });
}

function refusal(result: number, decidedAtMs: number, opensAtMs: number | null): ClaimDecision {
  switch (result) {
    case -1:
    case -2:
    case -3:
      return { outcome: REFUSALS[result], decidedAtMs };
    case -4:
    case -5:
      return { outcome: REFUSALS[result], decidedAtMs, opensAtMs };
    default:
      throw new Error(`claim-batch.lua answered the unknown result ${result}`);
  }
}

function integer(value: unknown): number {
  if (typeof value !== "number") throw new Error("claim-batch.lua answered no integer");
  return value;
}
