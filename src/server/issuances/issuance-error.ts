/** What a request on an issuance can be refused for. */
export type IssuanceErrorCode =
  | "invalid_input"
  | "unknown_event"
  | "unknown_issuance"
  | "unknown_coupon"
  /** It was decided and is on its way; the same request is right in a moment. */
  | "not_in_ledger_yet"
  | "already_redeemed"
  | "already_revoked"
  | "coupon_revoked"
  | "coupon_expired"
  | "cannot_return";

/**
 * A refusal in one plain sentence, for a person, without a code; nothing was changed. `facts` are
 * for programs: times are ISO 8601 in UTC.
 */
export class IssuanceError extends Error {
  readonly code: IssuanceErrorCode;
  readonly facts: Readonly<Record<string, string | number>>;

  constructor(
    code: IssuanceErrorCode,
    message: string,
    facts: Readonly<Record<string, string | number>> = {},
  ) {
    super(message);
    this.name = "IssuanceError";
    this.code = code;
    this.facts = facts;
  }
}
