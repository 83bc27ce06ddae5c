/** The bytes of all the requests that a worker will send, made before the clock starts. */

import { seedMemberId } from "../server/members/seed.ts";
import { createTokenKeys, signTokenSync, type TokenKeys } from "../server/members/tokens.ts";
import { encodeRequest } from "./connections.ts";
import type { WorkerPlan } from "./messages.ts";
import { CREDENTIALS, type Credential } from "./scenario.ts";

/** One request for each slot, one after another in one buffer. */
export interface RequestBook {
  readonly bytes: Uint8Array;
  /** Slot s is the bytes from offsets[s] to offsets[s + 1]. */
  readonly offsets: Float64Array;
}

/** An expired token was valid for a minute, a day before. */
const EXPIRED_LIFETIME_SECONDS = 60;
const EXPIRED_BEFORE_MS = 86_400_000;

/** How often it is said how far the minting is. */
const WORD_INTERVAL_MS = 1_000;
/** Members between two looks at the clock. */
const MEMBERS_PER_LOOK = 1_000;

/**
 * Mints what each of the plan's members shows and writes its claim as the transport has it: some
 * 40 µs a member.
 *
 * @param onMinted told each second how many members are done; not in the first second
 */
export function prepareRequests(
  plan: WorkerPlan,
  onMinted: (members: number) => void = () => undefined,
  nowMs: () => number = () => performance.now(),
): RequestBook {
  const { origin, eventId } = plan;
  const { memberNumbers, credentials } = plan.share;
  const mint = createMint(plan);
  const path = `/v1/events/${encodeURIComponent(eventId)}/claims`;
  const offsets = new Float64Array(memberNumbers.length + 1);
  let bytes: Buffer = Buffer.alloc(0);
  let end = 0;
  let saidMs = nowMs();
  for (const [slot, memberNumber] of memberNumbers.entries()) {
    const token = mint(memberNumber, CREDENTIALS[credentials[slot] ?? 0] ?? "valid");
    const authorization = token === undefined ? undefined : `Bearer ${token}`;
    const head = { method: "POST", path, authorization, ...origin } as const;
    const text = encodeRequest(plan.transport.http, head);
    if (end + text.length > bytes.length) {
      bytes = withRoom(bytes, ((end + text.length) * memberNumbers.length) / (slot + 1));
    }
    bytes.set(text, end);
    end += text.length;
    offsets[slot + 1] = end;
    if ((slot + 1) % MEMBERS_PER_LOOK > 0 || nowMs() - saidMs < WORD_INTERVAL_MS) continue;
    saidMs = nowMs();
    onMinted(slot + 1);
  }
  return { bytes: bytes.subarray(0, end), offsets };
}

/** More than they are expected to take, since requests are not all of one length. */
const SPARE_ROOM = 1.05;

/** A copy of the bytes with room for so many: the gigabytes of millions of members are there once. */
function withRoom(bytes: Buffer, expectedBytes: number): Buffer {
  const larger = Buffer.alloc(Math.ceil(expectedBytes * SPARE_ROOM));
  larger.set(bytes);
  return larger;
}

/**
 * Makes a member's token: a good one, or one that is wrong in a single respect. The same plan gives
 * the same tokens.
 */
function createMint(
  plan: WorkerPlan,
): (memberNumber: number, credential: Credential) => string | undefined {
  const { tokensIssuedAtMs: nowMs, tokenLifetimeSeconds: lifetimeSeconds } = plan;
  const keys = createTokenKeys(plan.tokens);
  const forged = withOtherSecret(keys);
  const foreign = { ...keys, issuer: `${keys.issuer}.example` };
  return (memberNumber, credential) => {
    const member = { memberId: seedMemberId(memberNumber), role: "member" } as const;
    switch (credential) {
      case "valid":
        return signTokenSync(keys, { ...member, lifetimeSeconds, nowMs });
      case "none":
        return undefined;
      case "expired":
        return signTokenSync(keys, {
          ...member,
          lifetimeSeconds: EXPIRED_LIFETIME_SECONDS,
          nowMs: nowMs - EXPIRED_BEFORE_MS,
        });
      case "forged":
        return signTokenSync(forged, { ...member, lifetimeSeconds, nowMs });
      case "foreign":
        return signTokenSync(foreign, { ...member, lifetimeSeconds, nowMs });
    }
  };
}

/** Claims the name of the real key, but does not know its secret. */
function withOtherSecret(keys: TokenKeys): TokenKeys {
  const current = { kid: keys.current.kid, secret: new TextEncoder().encode("not the secret") };
  return { ...keys, current };
}
