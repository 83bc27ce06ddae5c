/** How a refusal of the accounts' domain is answered. */
import { AccountError, type AccountErrorCode } from "../members/account-error.ts";
import { LoginOverloadedError } from "../members/passwords.ts";
import type { Dependencies } from "./dependencies.ts";
import { type ProblemCode, problem } from "./problem.ts";

const RETRY_AFTER_SECONDS = "1";

const CODES = {
  invalid_input: "invalid_request",
  id_taken: "id_taken",
  email_taken: "email_taken",
  unknown_member: "unknown_member",
} as const satisfies Record<AccountErrorCode, ProblemCode>;

/** The answer to a refusal, or to too many passwords at once; throws any other error on. */
export function accountProblem(error: unknown, { log }: Pick<Dependencies, "log">): Response {
  if (error instanceof AccountError) {
    const { code, message } = error;
    return problem(CODES[code], code === "invalid_input" ? { detail: message } : {});
  }
  if (!(error instanceof LoginOverloadedError)) throw error;
  log.warn("passwords arrive faster than they can be hashed");
  return problem("overloaded", {}, { "retry-after": RETRY_AFTER_SECONDS });
}

/** 429, with how long to wait. */
export function tooManyAttempts(waitMs: number): Response {
  const retryAfter = String(Math.ceil(waitMs / 1_000));
  return problem("too_many_attempts", {}, { "retry-after": retryAfter });
}
