/** The HTTP application: routes, and one place that turns what was thrown into an answer. */
import { Hono } from "hono";
import { HTTPException } from "hono/http-exception";
import { adminEventRoutes } from "./http/admin-events.ts";
import { adminUserRoutes } from "./http/admin-users.ts";
import { adminWindowRoutes } from "./http/admin-windows.ts";
import { administratorsOnly } from "./http/administrators-only.ts";
import { authRoutes } from "./http/auth.ts";
import { claimRoutes } from "./http/claims.ts";
import type { Dependencies } from "./http/dependencies.ts";
import { eventRoutes } from "./http/events.ts";
import { healthRoutes } from "./http/health.ts";
import { issuanceChangeRoutes } from "./http/issuance-changes.ts";
import { issuanceExportRoutes } from "./http/issuance-export.ts";
import { issuanceRoutes } from "./http/issuances.ts";
import { problem } from "./http/problem.ts";
import { userRoutes } from "./http/users.ts";

/** Where nobody but administrators comes: no route below these can be left open by oversight. */
const ADMINISTRATORS_PATHS = ["/v1/admin/*", "/v1/coupons/*"] as const;

/** Builds the application. It opens nothing: tests call `app.request()` without a socket. */
export function createApp(deps: Dependencies): Hono {
  const app = new Hono();
  for (const path of ADMINISTRATORS_PATHS) app.use(path, administratorsOnly(deps));
  app.route("/", claimRoutes(deps));
  app.route("/", eventRoutes(deps));
  app.route("/", authRoutes(deps));
  app.route("/", adminEventRoutes(deps));
  app.route("/", adminWindowRoutes(deps));
  app.route("/", issuanceExportRoutes(deps));
  app.route("/", issuanceRoutes(deps));
  app.route("/", issuanceChangeRoutes(deps));
  app.route("/", userRoutes(deps));
  app.route("/", adminUserRoutes(deps));
  app.route("/", healthRoutes(deps));
  app.notFound(() => problem("not_found"));
  app.onError((error, c) => {
    if (error instanceof HTTPException && error.status < 500) {
      return problem("invalid_request", { detail: error.message });
    }
    // The path without its query, where a careless client may have put a token, and without a code.
    const path = c.req.path.replace(/^\/v1\/coupons\/[^/]+/, "/v1/coupons/{code}");
    deps.log.error({ method: c.req.method, path, error: String(error) }, "request failed");
    return problem("internal");
  });
  return app;
}
