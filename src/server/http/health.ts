/** `/healthz`: the process lives. `/readyz`: it can decide claims. */
import { Hono } from "hono";
import { WriterBacklog } from "./backlog.ts";
import type { Dependencies } from "./dependencies.ts";

/** A catalogue that has not been read for this long may miss a pause or a deactivated member. */
const MAX_CATALOGUE_AGE_MS = 5_000;

/** The routes of health checks. */
export function healthRoutes(deps: Dependencies): Hono {
  const { catalogue, engine, combiner, nowMs, isStopping } = deps;
  const routes = new Hono();
  const writerBacklog = new WriterBacklog(deps);

  routes.get("/healthz", (c) => c.json({ status: "alive" }));

  routes.get("/readyz", async (c) => {
    // Before anything is awaited: the queue as this request found it.
    const { queueDepth } = combiner;
    const catalogueAgeMs = nowMs() - catalogue.lastRefreshedAtMs;
    const checks = {
      accepting: !isStopping(),
      engine: await engine.check().then(
        () => true,
        () => false,
      ),
      catalogue: catalogueAgeMs <= MAX_CATALOGUE_AGE_MS,
    };
    const ready = Object.values(checks).every((ok) => ok);
    const body = {
      status: ready ? "ready" : "not_ready",
      engine: engine.kind,
      checks,
      queueDepth,
      writerBacklog: await writerBacklog.get(),
    };
    return c.json(body, ready ? 200 : 503);
  });

  return routes;
}
