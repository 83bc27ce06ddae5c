/** The bytes of all the requests that a worker will send, made before the clock starts. */

import { seedMemberId } from "../server/members/seed.ts";
import { createTokenKeys, signTokenSync } from "../server/members/tokens.ts";
import type { WorkerPlan } from "./messages.ts";
import { encodeRequest } from "./transport.ts";

/** One request for each slot, one after another in one buffer. */
export interface RequestBook {
  readonly bytes: Uint8Array;
  /** Slot s is the bytes from offsets[s] to offsets[s + 1]. */
  readonly offsets: Float64Array;
}

/** Mints a token for each of the plan's members and writes its claim as the transport has it. */
export function prepareRequests(plan: WorkerPlan, nowMs = Date.now()): RequestBook {
  const { origin, eventId, memberNumbers, tokenLifetimeSeconds } = plan;
  const keys = createTokenKeys(plan.tokens);
  const path = `/v1/events/${encodeURIComponent(eventId)}/claims`;
  const offsets = new Float64Array(memberNumbers.length + 1);
  const texts: Buffer[] = [];
  let end = 0;
  for (const [slot, memberNumber] of memberNumbers.entries()) {
    const token = signTokenSync(keys, {
      memberId: seedMemberId(memberNumber),
      role: "member",
      lifetimeSeconds: tokenLifetimeSeconds,
      nowMs,
    });
    const authorization = `Bearer ${token}`;
    const head = { method: "POST", path, authorization, ...origin } as const;
    const text = encodeRequest(plan.transport.http, head);
    texts.push(text);
    end += text.length;
    offsets[slot + 1] = end;
  }
  return { bytes: Buffer.concat(texts, end), offsets };
}
