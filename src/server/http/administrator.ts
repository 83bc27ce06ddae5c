/** Lets administrators in, and nobody else. */
import type { Context } from "hono";
import type { Identity } from "../members/token-verifier.ts";
import { authenticate, unauthorized } from "./authenticate.ts";
import type { Dependencies } from "./dependencies.ts";
import { problem } from "./problem.ts";

/** The administrator who asks, or the answer to a caller who is none (any more). */
export function requireAdministrator(
  c: Context,
  deps: Pick<Dependencies, "verifyToken" | "nowMs" | "catalogue">,
): Identity | Response {
  const caller = authenticate(c.req.raw.headers.get("authorization"), deps);
  if (caller === undefined) return unauthorized();
  const isAdministrator = caller.role === "admin" && deps.catalogue.isActive(caller.memberId);
  return isAdministrator ? caller : problem("forbidden");
}
