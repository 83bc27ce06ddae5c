/** Tells events of one id from each other in Redis. */
import { createHash } from "node:crypto";
import type { EventDefinition } from "../../events/event.ts";

/** Keeps the fingerprint of a code key apart from every other use of the key. */
const FINGERPRINT_DOMAIN = "couponlive code key\n";

/** A fingerprint of the event's code key, which says nothing about the key: see claim-batch.lua. */
export function fingerprint({ codeKey }: Pick<EventDefinition, "codeKey">): string {
  return createHash("sha256").update(FINGERPRINT_DOMAIN).update(codeKey).digest("hex").slice(0, 16);
}

/** Whether a script found the event of another database: the error OTHERKEY of define-event.lua. */
export function isForeignEvent(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith("OTHERKEY");
}
