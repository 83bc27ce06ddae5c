/** `/v1/admin/*`: what only an administrator may see. */
import { type Context, Hono } from "hono";
import { z } from "zod";
import type { Database } from "../database.ts";
import { countIssued } from "../events/administration.ts";
import type { EventDefinition } from "../events/event.ts";
import { countOutbox } from "../ledger/outbox.ts";
import { MAX_PAGE_ROWS, readLedgerPage } from "../ledger/read.ts";
import { authenticate, unauthorized } from "./authenticate.ts";
import type { Dependencies } from "./dependencies.ts";
import { problem } from "./problem.ts";

const wholeNumber = z
  .string()
  .regex(/^-?\d+$/)
  .transform(Number)
  .pipe(z.int());
const pageQuery = z.object({
  afterRank: wholeNumber.default(0),
  limit: wholeNumber.pipe(z.int().min(1).max(MAX_PAGE_ROWS)).default(MAX_PAGE_ROWS),
});

/** The routes of administrators. */
export function adminRoutes(deps: Dependencies): Hono {
  const routes = new Hono();

  routes.get("/v1/admin/events/:id/issuances", async (c) => {
    const refusal = refuseStranger(c, deps);
    if (refusal !== undefined) return refusal;
    const event = deps.catalogue.get(c.req.param("id"));
    if (event === undefined) return problem("unknown_event");
    const query = pageQuery.safeParse(c.req.query());
    if (!query.success) {
      const detail = `\`afterRank\` and \`limit\` are whole numbers, and \`limit\` is from 1 to ${MAX_PAGE_ROWS}`;
      return problem("invalid_request", { detail });
    }
    c.header("cache-control", "no-store");
    return c.json(await describePage(deps.database, event, query.data));
  });

  return routes;
}

/** The answer to a caller who is not an administrator; undefined for one who is. */
function refuseStranger(c: Context, deps: Dependencies): Response | undefined {
  const caller = authenticate(c.req.raw.headers.get("authorization"), deps);
  if (caller === undefined) return unauthorized();
  return caller.role === "admin" ? undefined : problem("forbidden");
}

async function describePage(
  database: Database,
  event: EventDefinition,
  { afterRank, limit }: z.infer<typeof pageQuery>,
) {
  const page = await readLedgerPage(database, event.id, afterRank, limit);
  const last = page.at(-1);
  return {
    event: {
      id: event.id,
      name: event.name,
      stock: event.stock,
      paused: event.paused,
      ended: event.ended,
      revision: event.revision,
      windows: event.windows.map(({ id, opensAtMs, closesAtMs, quota }) => ({
        id,
        opensAt: new Date(opensAtMs).toISOString(),
        closesAt: new Date(closesAtMs).toISOString(),
        quota,
      })),
    },
    inLedger: await countIssued(database.orm, event.id),
    inOutbox: await countOutbox(database, event.id),
    issuances: page.map(({ memberId, rank, code, windowId, issuedAtMs }) => ({
      memberId,
      rank,
      code,
      windowId,
      issuedAt: new Date(issuedAtMs).toISOString(),
    })),
    nextAfterRank: last !== undefined && page.length >= limit ? last.rank : null,
  };
}
