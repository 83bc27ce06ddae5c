/** `POST /v1/auth/login`: an e-mail and a password for a token. */
import { Hono } from "hono";
import { z } from "zod";
import { checkPassword } from "../members/accounts.ts";
import { LoginOverloadedError } from "../members/passwords.ts";
import { signToken } from "../members/tokens.ts";
import type { Dependencies } from "./dependencies.ts";
import { problem } from "./problem.ts";

/** Long enough for a giveaway's day, short enough that a lost token ends. */
const TOKEN_LIFETIME_SECONDS = 12 * 3_600;

const credentials = z.object({ email: z.string(), password: z.string() });

/** The routes of logging in. */
export function authRoutes({ database, tokenKeys, nowMs, log }: Dependencies): Hono {
  const routes = new Hono();

  routes.post("/v1/auth/login", async (c) => {
    const body = credentials.safeParse(await c.req.json().catch(() => undefined));
    if (!body.success) {
      return problem("invalid_request", { detail: "send JSON with `email` and `password`" });
    }
    try {
      const { email, password } = body.data;
      const member = await checkPassword(database, email, password);
      if (member === undefined) return problem("invalid_credentials");
      const issuedAtMs = nowMs();
      const token = await signToken(tokenKeys, {
        memberId: member.memberId,
        role: member.role,
        lifetimeSeconds: TOKEN_LIFETIME_SECONDS,
        nowMs: issuedAtMs,
      });
      c.header("cache-control", "no-store");
      return c.json({ token, tokenType: "Bearer", expiresInSeconds: TOKEN_LIFETIME_SECONDS });
    } catch (error) {
      if (!(error instanceof LoginOverloadedError)) throw error;
      log.warn("logins arrive faster than passwords can be checked");
      return problem("overloaded", {}, { "retry-after": "1" });
    }
  });

  return routes;
}
