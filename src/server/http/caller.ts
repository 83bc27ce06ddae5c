/** Who asks for what is a member's own. */
import type { Identity } from "../members/token-verifier.ts";
import { authenticate, unauthorized } from "./authenticate.ts";
import type { Dependencies } from "./dependencies.ts";
import { fixedProblem } from "./problem.ts";

const inactiveMember = fixedProblem("inactive_member");

/** The active member who asks, or the answer to a caller who is none. */
export function requireMemberToken(
  request: Request,
  deps: Pick<Dependencies, "verifyToken" | "nowMs" | "catalogue">,
): Identity | Response {
  const caller = authenticate(request.headers.get("authorization"), deps);
  if (caller === undefined) return unauthorized();
  return deps.catalogue.isActive(caller.memberId) ? caller : inactiveMember();
}
