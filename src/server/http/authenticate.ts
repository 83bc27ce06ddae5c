/** Who sends a request: the bearer token (RFC 6750), checked without any I/O. */
import type { Identity } from "../members/token-verifier.ts";
import type { Dependencies } from "./dependencies.ts";
import { fixedProblem } from "./problem.ts";

/** "Bearer" in any case, as RFC 9110 demands of scheme names, then one space or more. */
const BEARER = /^bearer +/i;

/** The token that the header brings, or undefined where it brings none. */
export function bearerToken(authorization: string | null): string | undefined {
  if (authorization === null) return undefined;
  const scheme = BEARER.exec(authorization);
  return scheme === null ? undefined : authorization.slice(scheme[0].length);
}

/** The caller, or undefined where the header is missing or its token is not valid now. */
export function authenticate(
  authorization: string | null,
  { verifyToken, nowMs }: Pick<Dependencies, "verifyToken" | "nowMs">,
): Identity | undefined {
  const token = bearerToken(authorization);
  return token === undefined ? undefined : verifyToken(token, nowMs());
}

/** 401 with the challenge that RFC 6750 asks for. */
export const unauthorized = fixedProblem(
  "unauthorized",
  {},
  {
    "www-authenticate": 'Bearer realm="couponlive"',
  },
);
