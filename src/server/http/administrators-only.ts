/** Lets administrators pass, by their token and by what the accounts say at that moment. */
import type { MiddlewareHandler } from "hono";
import { findMember } from "../members/accounts.ts";
import { authenticate, unauthorized } from "./authenticate.ts";
import type { Dependencies } from "./dependencies.ts";
import { problem } from "./problem.ts";

/**
 * Stands before every route of administrators. A token names the role that its member had when it
 * was issued; the account, where there is one, names the role now, and the lesser of the two counts
 * (docs/decisions/roles.md). The routes ask `administratorOf` who it is. It asks the database each time: never for the claim path.
 */
export function administratorsOnly(deps: Dependencies): MiddlewareHandler {
  return async (c, next) => {
    const caller = authenticate(c.req.raw.headers.get("authorization"), deps);
    if (caller === undefined) return unauthorized();
    const account = await findMember(deps.database, caller.memberId);
    if (account?.active === false) return problem("inactive_member");
    const mayPass = caller.role === "admin" && (account?.role ?? "admin") === "admin";
    if (!mayPass) return problem("forbidden");
    c.set("administrator", caller);
    return await next();
  };
}
