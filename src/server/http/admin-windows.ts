/** `/v1/admin/events/{id}/windows`: an event's windows. */
import { Hono } from "hono";
import type { z } from "zod";
import { addWindows, previewWindows, removeWindows } from "../events/administration.ts";
import { dailyOpenings, parseMoment } from "../events/schedule.ts";
import type { Opening } from "../events/windows.ts";
import { describeWindow } from "./admin-event-view.ts";
import { administration, follow, requireStored } from "./admin-events.ts";
import { newWindowsBody, windowIdParameter } from "./admin-events-schema.ts";
import { readJson } from "./body.ts";
import type { Dependencies } from "./dependencies.ts";
import { problem } from "./problem.ts";

const HOW =
  'send JSON with `windows` ([{"opensAt": "2026-12-01T10:00", "closesAt": …, "quota": …}]), with `daily` ({"times": ["10:00"], "from": "2026-12-01", "days": 7, "quota": …}), or with `now` (true), and, if you like, `timeZone` and `dryRun`';

/** The routes of windows. */
export function adminWindowRoutes(deps: Dependencies): Hono {
  const { database } = deps;
  const routes = new Hono();
  const asAdministrator = administration(deps);

  routes.get("/v1/admin/events/:id/windows", (c) =>
    asAdministrator(c, async () => {
      const { timeZone, windows } = await requireStored(deps, c.req.param("id"));
      return c.json({ timeZone, windows: windows.map(describeWindow) });
    }),
  );

  routes.post("/v1/admin/events/:id/windows", (c) =>
    asAdministrator(c, async (actor) => {
      const body = newWindowsBody.safeParse(await readJson(c.req.raw));
      if (!body.success) return problem("invalid_request", { detail: HOW });
      const { id, timeZone } = await requireStored(deps, c.req.param("id"));
      const nowMs = deps.nowMs();
      const openings = readOpenings(body.data, timeZone, nowMs);
      const { dryRun } = body.data;
      const windows = dryRun
        ? await previewWindows(database, id, openings, { nowMs })
        : await addWindows(database, id, openings, { nowMs, actor });
      await follow(deps);
      const answer = { timeZone, dryRun, windows: windows.map(describeWindow) };
      return c.json(answer, dryRun ? 200 : 201);
    }),
  );

  routes.delete("/v1/admin/events/:id/windows/:windowId", (c) =>
    asAdministrator(c, async (actor) => {
      const windowId = windowIdParameter.safeParse(c.req.param("windowId"));
      if (!windowId.success) return problem("unknown_window");
      const change = { nowMs: deps.nowMs(), actor };
      await removeWindows(database, c.req.param("id"), [windowId.data], change);
      await follow(deps);
      return c.body(null, 204);
    }),
  );

  return routes;
}

/** The windows that are asked for, in the body's zone or else the event's. @throws EventError */
function readOpenings(
  body: z.infer<typeof newWindowsBody>,
  eventZone: string,
  nowMs: number,
): Opening[] {
  const timeZone = body.timeZone ?? eventZone;
  if ("now" in body) return [{ opensAtMs: nowMs, quota: body.quota }];
  if ("daily" in body) {
    const { quota, ...daily } = body.daily;
    return dailyOpenings({ ...daily, timeZone }).map((opensAtMs) => ({ opensAtMs, quota }));
  }
  return body.windows.map(({ opensAt, closesAt, quota }) => ({
    opensAtMs: parseMoment(opensAt, timeZone),
    closesAtMs: closesAt === undefined ? undefined : parseMoment(closesAt, timeZone),
    quota,
  }));
}
