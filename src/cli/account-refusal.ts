/** How a refusal of the accounts' domain reads at the terminal, the same in every command. */
import { CliError } from "../exit-codes.ts";
import type { AccountError, AccountErrorCode } from "../server/members/account-error.ts";

/** What the person at the terminal can do about it, beyond what its sentence says. */
const HINTS: Partial<Record<AccountErrorCode, string>> = {
  unknown_member:
    "`couponlive user list` shows those there are; a member of an identity provider has one after `couponlive user create --id <id> --no-password`",
};

/** The line that `main.ts` prints. */
export function accountRefusal({ code, message }: AccountError): CliError {
  const hint = HINTS[code];
  return new CliError(hint === undefined ? message : `${message} (${hint})`);
}
