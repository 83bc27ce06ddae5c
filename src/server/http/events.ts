/** `GET /v1/events` and `GET /v1/events/{id}`: what anyone may know of an event. */
import { Hono } from "hono";
import type { EngineStatus } from "../claims/engine.ts";
import { type EventDefinition, type EventWindow, lastIssuableRank } from "../events/event.ts";
import { eventState } from "../events/state.ts";
import type { Dependencies } from "./dependencies.ts";
import { engineFailureHandler } from "./engine-failure.ts";
import type { EventDescription } from "./events-schema.ts";
import { problem } from "./problem.ts";
import { StatusCache } from "./status-cache.ts";

/** The routes of events. */
export function eventRoutes(deps: Dependencies): Hono {
  const { catalogue, engine, nowMs } = deps;
  const routes = new Hono();
  const onEngineFailure = engineFailureHandler(deps);
  const statuses = new StatusCache(engine, nowMs);

  routes.get("/v1/events", async (c) => {
    try {
      const events = await Promise.all(
        catalogue.list().map(async (event) => describeEvent(event, await statuses.get(event))),
      );
      return c.json({ events });
    } catch (error) {
      return onEngineFailure(error, c.req.raw);
    }
  });

  routes.get("/v1/events/:id", async (c) => {
    const event = catalogue.get(c.req.param("id"));
    if (event === undefined) return problem("unknown_event");
    try {
      return c.json(describeEvent(event, await statuses.get(event)));
    } catch (error) {
      return onEngineFailure(error, c.req.raw);
    }
  });

  return routes;
}

/** The event as it stands at the engine's count and time. */
export function describeEvent(
  event: EventDefinition,
  { issued, nowMs }: EngineStatus,
): EventDescription {
  const { state, currentWindow, nextWindow } = eventState(event, issued, nowMs);
  return {
    id: event.id,
    name: event.name,
    state,
    stock: event.stock,
    issued,
    remaining: Math.max(0, lastIssuableRank(event) - issued),
    coupons: [...event.coupons],
    currentWindow: describeWindow(currentWindow),
    nextWindow: describeWindow(nextWindow),
    serverTime: new Date(nowMs).toISOString(),
  };
}

function describeWindow(window: EventWindow | null) {
  if (window === null) return null;
  return {
    opensAt: new Date(window.opensAtMs).toISOString(),
    closesAt: new Date(window.closesAtMs).toISOString(),
  };
}
