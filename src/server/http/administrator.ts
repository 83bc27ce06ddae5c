/** The administrator whom `administratorsOnly` let in. */
import type { Context } from "hono";
import type { Identity } from "../members/token-verifier.ts";

declare module "hono" {
  interface ContextVariableMap {
    /** Undefined where the route does not stand behind `administratorsOnly`. */
    administrator: Identity | undefined;
  }
}

/** Who asks. @throws where nobody was let in: a route that was put in front of the check serves no one */
export function administratorOf(c: Context): Identity {
  const administrator = c.get("administrator");
  if (administrator === undefined) throw new Error("the route is not behind administratorsOnly");
  return administrator;
}
