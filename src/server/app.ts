/** The HTTP application: routes, and one place that turns what was thrown into an answer. */
import { Hono } from "hono";
import { HTTPException } from "hono/http-exception";
import { routePath } from "hono/route";
import { adminEventRoutes } from "./http/admin-events.ts";
import { adminUserRoutes } from "./http/admin-users.ts";
import { adminWindowRoutes } from "./http/admin-windows.ts";
import { administratorsOnly } from "./http/administrators-only.ts";
import { addAnswerHeaders } from "./http/answer-headers.ts";
import { authRoutes } from "./http/auth.ts";
import { claimRoutes } from "./http/claims.ts";
import { allowOrigins } from "./http/cors.ts";
import type { Dependencies } from "./http/dependencies.ts";
import { eventRoutes } from "./http/events.ts";
import { healthRoutes } from "./http/health.ts";
import { issuanceChangeRoutes } from "./http/issuance-changes.ts";
import { issuanceExportRoutes } from "./http/issuance-export.ts";
import { issuanceRoutes } from "./http/issuances.ts";
import { liveRoutes } from "./http/live.ts";
import { answerUnrouted } from "./http/method-not-allowed.ts";
import { problem } from "./http/problem.ts";
import { referenceRoutes } from "./http/reference.ts";
import { REQUEST_ID_HEADER, requestIdOf } from "./http/request-id.ts";
import { userRoutes } from "./http/users.ts";
import { watchRequests } from "./http/watch-requests.ts";
import { errorText } from "./query-error.ts";

/** Where nobody but administrators comes: no route below these can be left open by oversight. */
const ADMINISTRATORS_PATHS = ["/v1/admin/*", "/v1/coupons/*"] as const;

/** Builds the application. It opens nothing: tests call `app.request()` without a socket. */
export function createApp(deps: Dependencies): Hono {
  const app = new Hono();
  if (deps.corsOrigins.size > 0) allowOrigins(app, deps.corsOrigins);
  watchRequests(app, deps);
  addAnswerHeaders(app);
  for (const path of ADMINISTRATORS_PATHS) app.use(path, administratorsOnly(deps));
  app.route("/", claimRoutes(deps));
  app.route("/", eventRoutes(deps));
  app.route("/", liveRoutes(deps));
  app.route("/", authRoutes(deps));
  app.route("/", adminEventRoutes(deps));
  app.route("/", adminWindowRoutes(deps));
  app.route("/", issuanceExportRoutes(deps));
  app.route("/", issuanceRoutes(deps));
  app.route("/", issuanceChangeRoutes(deps));
  app.route("/", userRoutes(deps));
  app.route("/", adminUserRoutes(deps));
  app.route("/", healthRoutes(deps));
  app.route("/", referenceRoutes());
  app.notFound((c) => {
    const answer = answerUnrouted(app, c);
    deps.requestCounts.count("other", answer.status);
    return answer;
  });
  app.onError((error, c) => {
    if (error instanceof HTTPException && error.status < 500) {
      return problem("invalid_request", { detail: error.message });
    }
    // The route and not the path: a path may hold a coupon's code, a query a token.
    const route = routePath(c, -1);
    deps.log.error(
      {
        requestId: requestIdOf(c.req.raw),
        method: c.req.method,
        route,
        error: errorText(error),
      },
      "request failed",
    );
    // All other routes are counted by watchRequests.
    if (route.endsWith("/claims")) deps.requestCounts.count("claims", 500);
    return problem("internal", {}, { [REQUEST_ID_HEADER]: requestIdOf(c.req.raw) });
  });
  return app;
}
