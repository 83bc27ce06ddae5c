/**
 * Lets pages of other origins call (Fetch standard, CORS protocol). Ours in place of Hono's
 * middleware, which costs each claim several times as much (docs/decisions/cors.md).
 */
import type { Hono } from "hono";
import { allowedMethods } from "./method-not-allowed.ts";

/** How long a browser may keep the answer to a preflight. Browsers cut it to two hours, or a day. */
const PREFLIGHT_MAX_AGE_SECONDS = "86400";
const REQUEST_HEADERS = "authorization, content-type, idempotency-key, last-event-id, x-request-id";
/** Besides those that a page may read of any answer. */
const READABLE_HEADERS = "retry-after, www-authenticate, x-request-id";

/**
 * To be called before the routes are added, and only with origins: without, no answer may be read by
 * a page of another origin, and nothing is in a claim's way. Tokens come in a header that the page
 * sets itself, so cookies and other credentials of the browser are never asked for.
 */
export function allowOrigins(app: Hono, origins: ReadonlySet<string>): void {
  app.use("*", async (c, next) => {
    const { method, headers } = c.req.raw;
    const origin = headers.get("origin");
    const allowed = origin !== null && origins.has(origin) ? origin : undefined;
    if (method === "OPTIONS" && allowed !== undefined && headers.has(PREFLIGHT_MARK)) {
      return preflight(allowed, allowedMethods(app, c.req.path));
    }
    await next();
    c.res.headers.append("vary", "origin");
    if (allowed !== undefined) {
      c.res.headers.set("access-control-allow-origin", allowed);
      c.res.headers.set("access-control-expose-headers", READABLE_HEADERS);
    }
    return undefined;
  });
}

/** What tells a preflight from another OPTIONS request. */
const PREFLIGHT_MARK = "access-control-request-method";

function preflight(origin: string, methods: readonly string[]): Response {
  return new Response(null, {
    status: 204,
    headers: {
      "access-control-allow-origin": origin,
      "access-control-allow-methods": methods.join(", "),
      "access-control-allow-headers": REQUEST_HEADERS,
      "access-control-max-age": PREFLIGHT_MAX_AGE_SECONDS,
      vary: "origin",
    },
  });
}
