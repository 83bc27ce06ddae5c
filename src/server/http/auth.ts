/** `POST /v1/auth/login`: an e-mail and a password for a token. */
import { Hono } from "hono";
import type { z } from "zod";
import { checkPassword } from "../members/accounts.ts";
import { LoginLimits } from "../members/login-limits.ts";
import { signToken } from "../members/tokens.ts";
import { accountProblem, tooManyAttempts } from "./account-problem.ts";
import { readJson } from "./body.ts";
import type { Dependencies } from "./dependencies.ts";
import { problem } from "./problem.ts";
import { loginBody, type loginSchema } from "./users-schema.ts";

/** Long enough for a giveaway's day, short enough that a lost token ends. */
const TOKEN_LIFETIME_SECONDS = 12 * 3_600;

/** The routes of logging in. */
export function authRoutes(deps: Dependencies): Hono {
  const { database, tokenKeys, nowMs } = deps;
  const routes = new Hono();
  const limits = new LoginLimits();

  routes.post("/v1/auth/login", async (c) => {
    const body = loginBody.safeParse(await readJson(c.req.raw));
    if (!body.success) {
      return problem("invalid_request", { detail: "send JSON with `email` and `password`" });
    }
    const { email, password } = body.data;
    const attempt = limits.begin(email, deps.clientAddress(c.req.raw), nowMs());
    if (typeof attempt === "number") return tooManyAttempts(attempt);
    try {
      const member = await checkPassword(database, email, password);
      if (member === undefined) return problem("invalid_credentials");
      const token = await signToken(tokenKeys, {
        memberId: member.memberId,
        role: member.role,
        lifetimeSeconds: TOKEN_LIFETIME_SECONDS,
        nowMs: nowMs(),
      });
      attempt.succeeded();
      c.header("cache-control", "no-store");
      return c.json({
        token,
        tokenType: "Bearer",
        expiresInSeconds: TOKEN_LIFETIME_SECONDS,
      } satisfies z.infer<typeof loginSchema>);
    } catch (error) {
      attempt.undecided();
      return accountProblem(error, deps);
    }
  });

  return routes;
}
