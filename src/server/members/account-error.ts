/** What the domain of accounts refuses. */

export type AccountErrorCode = "invalid_input" | "id_taken" | "email_taken" | "unknown_member";

/** A refusal in one plain sentence, without the member's data; nothing was changed. */
export class AccountError extends Error {
  readonly code: AccountErrorCode;

  constructor(code: AccountErrorCode, message: string) {
    super(message);
    this.name = "AccountError";
    this.code = code;
  }
}

/** No account has the id or the e-mail that was asked for. */
export function unknownMember(): AccountError {
  return new AccountError("unknown_member", "no account has this id or e-mail");
}
