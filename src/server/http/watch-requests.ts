/** Counts answers and gives them a request id, everywhere but on the claim path. */
import type { Hono } from "hono";
import type { Dependencies } from "./dependencies.ts";
import type { RouteClass } from "./request-counts.ts";
import { REQUEST_ID_HEADER, requestIdOf } from "./request-id.ts";

/**
 * The paths of each class. None may match that of a claim: one more handler on that route would cost
 * every claim. Claims are counted where they are decided (claims/tally.ts), and those that are
 * refused before that in claims.ts, which also gives back a request id that came with the claim.
 */
const PATHS: readonly (readonly [route: RouteClass, path: string])[] = [
  ["events", "/v1/events"],
  ["events", "/v1/events/:id"],
  ["live", "/v1/events/:id/live"],
  ["auth", "/v1/auth/*"],
  ["auth", "/v1/users"],
  ["members", "/v1/events/:id/claims/me"],
  ["members", "/v1/me/*"],
  ["coupons", "/v1/coupons/*"],
  ["admin", "/v1/admin/*"],
  ["health", "/healthz"],
  ["health", "/readyz"],
  ["other", "/openapi.json"],
  ["other", "/docs/*"],
];

/** To be called before the routes are added. */
export function watchRequests(app: Hono, { requestCounts }: Pick<Dependencies, "requestCounts">) {
  for (const [route, path] of PATHS) {
    app.use(path, async (c, next) => {
      await next();
      c.res.headers.set(REQUEST_ID_HEADER, requestIdOf(c.req.raw));
      requestCounts.count(route, c.res.status);
    });
  }
}
