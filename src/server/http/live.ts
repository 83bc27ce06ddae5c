/** `GET /v1/events/{id}/live`: where an event stands, as server-sent events (WHATWG HTML, 9.2). */
import { Hono } from "hono";
import type { Dependencies } from "./dependencies.ts";
import { engineFailureHandler } from "./engine-failure.ts";
import { problem } from "./problem.ts";

const RETRY = { "retry-after": "5" };
const HEADERS = {
  "content-type": "text/event-stream",
  "cache-control": "no-store",
  // nginx would otherwise gather the answer before it hands it on.
  "x-accel-buffering": "no",
};

/** The route of the live feed. */
export function liveRoutes(deps: Dependencies): Hono {
  const routes = new Hono();
  const onEngineFailure = engineFailureHandler(deps);

  routes.get("/v1/events/:id/live", async (c) => {
    if (deps.isStopping()) return problem("shutting_down", {}, RETRY);
    const event = deps.catalogue.get(c.req.param("id"));
    if (event === undefined) return problem("unknown_event");
    if (deps.liveFeeds.isFull) return problem("too_many_listeners", {}, RETRY);
    const request = c.req.raw;
    try {
      const lastEventId = request.headers.get("last-event-id");
      const body = await deps.liveFeeds.listen(event, lastEventId, () =>
        deps.limitIdleTime(request, true),
      );
      deps.limitIdleTime(request, false);
      return new Response(body, { headers: HEADERS });
    } catch (error) {
      return onEngineFailure(error, request);
    }
  });

  return routes;
}
