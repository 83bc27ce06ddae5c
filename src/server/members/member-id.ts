/** What may name a member: here, in a token's subject, and in the keys and rows of both engines. */

/** In UTF-16 code units. */
export const MAX_MEMBER_ID_LENGTH = 128;

/** Said to who chose another id. */
export const MEMBER_ID_RULE = `a member's id must have 1 to ${MAX_MEMBER_ID_LENGTH} characters and no control characters`;

/**
 * True for a text of 1 to 128 characters without control characters or lone surrogates. A lone
 * surrogate has no UTF-8 form, so two different ids with one would meet as the same bytes in Redis.
 */
export function isMemberId(value: unknown): value is string {
  return (
    typeof value === "string" &&
    value.length > 0 &&
    value.length <= MAX_MEMBER_ID_LENGTH &&
    !/\p{Cc}/u.test(value) &&
    value.isWellFormed()
  );
}
