/** Who sends a request: the bearer token (RFC 6750), checked without any I/O. */
import type { Identity } from "../members/token-verifier.ts";
import type { Dependencies } from "./dependencies.ts";
import { fixedProblem } from "./problem.ts";

/** "Bearer" in any case, as RFC 9110 demands of scheme names, then one space or more. */
const BEARER = /^bearer +/i;

/** The caller, or undefined where the header is missing or its token is not valid now. */
export function authenticate(
  authorization: string | null,
  { verifyToken, nowMs }: Pick<Dependencies, "verifyToken" | "nowMs">,
): Identity | undefined {
  if (authorization === null) return undefined;
  const scheme = BEARER.exec(authorization);
  return scheme === null ? undefined : verifyToken(authorization.slice(scheme[0].length), nowMs());
}

/** 401 with the challenge that RFC 6750 asks for. */
export const unauthorized = fixedProblem(
  "unauthorized",
  {},
  {
    "www-authenticate": 'Bearer realm="couponlive"',
  },
);
