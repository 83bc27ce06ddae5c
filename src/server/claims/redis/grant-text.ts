/** A grant as the hash of members holds it: "rank:windowId:issuedAtMs". */
import type { Grant } from "../engine.ts";

/** The text of a grant. */
export function formatGrant(grant: Grant): string {
  return `${grant.rank}:${grant.windowId}:${grant.issuedAtMs}`;
}

/** @throws when the text is not one that `formatGrant` or claim-batch.lua wrote */
export function parseGrant(text: string): Grant {
  const [rank, windowId, issuedAtMs] = text.split(":").map(Number);
  if (rank === undefined || windowId === undefined || issuedAtMs === undefined) {
    throw new Error("Redis holds a grant that cannot be read");
  }
  return { rank, windowId, issuedAtMs };
}
