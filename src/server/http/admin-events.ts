/** `/v1/admin/events`: setting up and running giveaways, by the functions of the command line. */
import { type Context, Hono } from "hono";
import type { z } from "zod";
import { type Actor, readAudit } from "../audit.ts";
import { EngineUnavailableError } from "../claims/engine.ts";
import {
  type Clone,
  cloneEvent,
  createEvent,
  endEvent,
  findEvent,
  listEvents,
  pauseEvent,
  resumeEvent,
} from "../events/administration.ts";
import { amendEvent } from "../events/amendment.ts";
import type { EventDefinition } from "../events/event.ts";
import { unknownEvent } from "../events/event-error.ts";
import { importCodes } from "../events/own-codes.ts";
import { deleteEvent } from "../events/removal.ts";
import { parseMoment } from "../events/schedule.ts";
import type { SomeSettings } from "../events/settings.ts";
import { restockEvent } from "../events/stock.ts";
import { describeAuditPage, describeEvent } from "./admin-event-view.ts";
import {
  auditQuery,
  cloneBody,
  eventChangesBody,
  newEventBody,
  restockBody,
} from "./admin-events-schema.ts";
import { administratorOf } from "./administrator.ts";
import { MAX_BODY_BYTES, MAX_CODES_BODY_BYTES, readJson, readText } from "./body.ts";
import type { Dependencies } from "./dependencies.ts";
import { engineFailureHandler } from "./engine-failure.ts";
import { eventProblem } from "./event-problem.ts";
import { problem } from "./problem.ts";

type Work = (actor: Actor) => Promise<Response>;

/** Lets only administrators in, and answers them with what the work gives or was refused for. */
export function administration(deps: Dependencies) {
  const onEngineFailure = engineFailureHandler(deps);
  return async (c: Context, work: Work): Promise<Response> => {
    const caller = administratorOf(c);
    c.header("cache-control", "no-store");
    try {
      return await work(`member:${caller.memberId}`);
    } catch (error) {
      return error instanceof EngineUnavailableError
        ? onEngineFailure(error, c.req.raw)
        : eventProblem(error);
    }
  };
}

/** The routes of events. Every change is in this process's catalogue when it is answered. */
export function adminEventRoutes(deps: Dependencies): Hono {
  const { database, nowMs } = deps;
  const { redis } = deps.engine;
  const routes = new Hono();
  const asAdministrator = administration(deps);

  const answer = async (c: Context, event: EventDefinition, status: 200 | 201 = 200) => {
    await follow(deps);
    return c.json(await describeEvent(deps, event), status);
  };

  routes.get("/v1/admin/events", (c) =>
    asAdministrator(c, async () => {
      const events = await listEvents(database);
      const described = events.map((event) => describeEvent(deps, event));
      return c.json({ events: await Promise.all(described) });
    }),
  );

  routes.post("/v1/admin/events", (c) =>
    asAdministrator(c, async (actor) => {
      const body = newEventBody.safeParse(await readJson(c.req.raw));
      if (!body.success) return badBody(body.error);
      const settings = readSettings(body.data, body.data.timeZone ?? "UTC");
      return await answer(
        c,
        await createEvent(database, { ...body.data, ...settings }, actor),
        201,
      );
    }),
  );

  routes.get("/v1/admin/events/:id", (c) =>
    asAdministrator(c, async () => {
      const event = await requireStored(deps, c.req.param("id"));
      return c.json(await describeEvent(deps, event));
    }),
  );

  routes.patch("/v1/admin/events/:id", (c) =>
    asAdministrator(c, async (actor) => {
      const body = eventChangesBody.safeParse(await readJson(c.req.raw));
      if (!body.success) return badBody(body.error);
      const { id, timeZone } = await requireStored(deps, c.req.param("id"));
      const { validUntil: _, ...changes } = body.data;
      const amendment = { ...changes, ...readSettings(body.data, timeZone) };
      const context = { nowMs: nowMs(), actor, redis };
      return await answer(c, await amendEvent(database, id, amendment, context));
    }),
  );

  routes.delete("/v1/admin/events/:id", (c) =>
    asAdministrator(c, async (actor) => {
      await deleteEvent(database, c.req.param("id"), actor, redis);
      await follow(deps);
      return c.body(null, 204);
    }),
  );

  const changes = { pause: pauseEvent, resume: resumeEvent, end: endEvent } as const;
  for (const [verb, change] of Object.entries(changes)) {
    routes.post(`/v1/admin/events/:id/${verb}`, (c) =>
      asAdministrator(c, async (actor) => {
        return await answer(c, await change(database, c.req.param("id") ?? "", actor));
      }),
    );
  }

  routes.post("/v1/admin/events/:id/restock", (c) =>
    asAdministrator(c, async (actor) => {
      const body = restockBody.safeParse(await readJson(c.req.raw));
      if (!body.success) return badBody(body.error);
      const { stock } = body.data;
      const event = await restockEvent(database, c.req.param("id"), stock, actor, redis);
      return await answer(c, event);
    }),
  );

  routes.post("/v1/admin/events/:id/clone", (c) =>
    asAdministrator(c, async (actor) => {
      const body = cloneBody.safeParse(await readJson(c.req.raw));
      if (!body.success) return badBody(body.error);
      const { id, timeZone } = await requireStored(deps, c.req.param("id"));
      const { validUntil: _, ...given } = body.data;
      const clone: Clone = { ...given, ...readSettings(body.data, timeZone) };
      return await answer(c, await cloneEvent(database, id, clone, actor), 201);
    }),
  );

  routes.put("/v1/admin/events/:id/codes", (c) =>
    asAdministrator(c, async (actor) => {
      const text = await readText(c.req.raw, MAX_CODES_BODY_BYTES);
      if (text === undefined) return problem("too_large");
      const eventId = c.req.param("id");
      const codes = await importCodes(database, eventId, text, { nowMs: nowMs(), actor });
      await follow(deps);
      return c.json({ eventId, codes });
    }),
  );

  routes.get("/v1/admin/events/:id/audit", (c) =>
    asAdministrator(c, async () => {
      const query = auditQuery.safeParse(c.req.query());
      if (!query.success) return badBody(query.error);
      const eventId = c.req.param("id");
      const entries = await readAudit(database, eventId, query.data);
      // What was deleted has a past too.
      if (entries.length === 0) await requireStored(deps, eventId);
      return c.json(describeAuditPage(entries, query.data.limit));
    }),
  );

  return routes;
}

/** Brings what was changed to this process at once; where that fails, it follows as the others do. */
export async function follow({ catalogue, log }: Pick<Dependencies, "catalogue" | "log">) {
  await catalogue.refresh().catch((error: unknown) => {
    log.error({ error: String(error) }, "the catalogue could not be read");
  });
}

/** The event in the database, which may be ahead of the catalogue. @throws EventError */
export async function requireStored(
  { database }: Pick<Dependencies, "database">,
  eventId: string,
): Promise<EventDefinition> {
  const event = await findEvent(database, eventId);
  if (event === undefined) throw unknownEvent(eventId);
  return event;
}

const NO_OBJECT = `the body must be a JSON object of at most ${MAX_BODY_BYTES / 1_024} KiB`;

/** 400, with where the first thing is that cannot be read. */
export function badBody(error: z.ZodError): Response {
  const [issue] = error.issues;
  const isWhole = issue === undefined || issue.path.length === 0;
  if (isWhole && issue?.code === "invalid_type") {
    return problem("invalid_request", { detail: NO_OBJECT });
  }
  const where = isWhole ? "the request" : issue.path.join(".");
  return problem("invalid_request", { detail: `${where}: ${issue?.message ?? "is not right"}` });
}

/** The settings of a body, whose local times are the zone's. @throws EventError */
function readSettings(
  body: { readonly validUntil?: string | null | undefined },
  timeZone: string,
): Pick<SomeSettings, "validUntilMs"> {
  const { validUntil } = body;
  return {
    validUntilMs: typeof validUntil === "string" ? parseMoment(validUntil, timeZone) : validUntil,
  };
}
