/**
 * `/v1/admin/events/{id}/issuances…`, `…/stats` and `…/why/{memberId}`: what became of an event's
 * claims, for administrators.
 */
import { type Context, Hono } from "hono";
import type { z } from "zod";
import { countIssued } from "../events/administration.ts";
import type { EventDefinition } from "../events/event.ts";
import { type FoundIssuance, findIssuance, type IssuanceSource } from "../issuances/arrival.ts";
import { isoTime, issuanceJson } from "../issuances/issuance.ts";
import { readIssuancePage } from "../issuances/read.ts";
import type { Selector } from "../issuances/selector.ts";
import { eventStatistics, statisticsJson } from "../issuances/statistics.ts";
import { memberHistory } from "../issuances/why.ts";
import { historyJson } from "../issuances/why-answer.ts";
import { countOutbox } from "../ledger/outbox.ts";
import { MAX_PAGE_ROWS } from "../ledger/read.ts";
import { isMemberId, MEMBER_ID_RULE } from "../members/member-id.ts";
import { administratorOf } from "./administrator.ts";
import type { Dependencies } from "./dependencies.ts";
import { engineFailureHandler } from "./engine-failure.ts";
import { issuancePageQuery, rankParameter } from "./issuances-schema.ts";
import { problem } from "./problem.ts";

/** The routes of issuances. */
export function issuanceRoutes(deps: Dependencies): Hono {
  const routes = new Hono();
  const onEngineFailure = engineFailureHandler(deps);
  const source = issuanceSource(deps);

  /** Answers an administrator about the event that the path names. */
  const aboutEvent = async (
    c: Context,
    answer: (event: EventDefinition) => Promise<Response>,
  ): Promise<Response> => {
    administratorOf(c);
    const event = deps.catalogue.get(c.req.param("id") ?? "");
    if (event === undefined) return problem("unknown_event");
    c.header("cache-control", "no-store");
    try {
      return await answer(event);
    } catch (error) {
      return onEngineFailure(error, c.req.raw);
    }
  };

  routes.get("/v1/admin/events/:id/issuances", (c) =>
    aboutEvent(c, async (event) => {
      const query = issuancePageQuery.safeParse(c.req.query());
      if (!query.success) {
        const detail = `\`afterRank\`, \`limit\` (1 to ${MAX_PAGE_ROWS}) and \`windowId\` are whole numbers, \`status\` is issued, redeemed or revoked, and \`memberId\` and \`code\` do not go together`;
        return problem("invalid_request", { detail });
      }
      return c.json(await describePage(source, event, query.data));
    }),
  );

  routes.get("/v1/admin/events/:id/issuances/:rank", (c) =>
    aboutEvent(c, async (event) => {
      const rank = rankParameter.safeParse(c.req.param("rank"));
      if (!rank.success) {
        return problem("invalid_request", { detail: "a rank is a whole number from 1" });
      }
      const found = await findIssuance(source, event, { by: "rank", rank: rank.data });
      return found === undefined ? problem("unknown_issuance") : c.json(describe(event, found));
    }),
  );

  routes.get("/v1/admin/events/:id/stats", (c) =>
    aboutEvent(c, async (event) =>
      c.json(statisticsJson(event, await eventStatistics(source, event))),
    ),
  );

  routes.get("/v1/admin/events/:id/why/:memberId", (c) =>
    aboutEvent(c, async (event) => {
      const memberId = c.req.param("memberId");
      if (!isMemberId(memberId)) return problem("invalid_request", { detail: MEMBER_ID_RULE });
      return c.json(historyJson(event, await memberHistory(source, event, memberId)));
    }),
  );

  return routes;
}

/** Where this server's issuances are. */
export function issuanceSource({
  database,
  engine,
}: Pick<Dependencies, "database" | "engine">): IssuanceSource {
  return { database, undelivered: (event) => engine.undelivered(event) };
}

function describe(event: EventDefinition, { issuance, inLedger }: FoundIssuance) {
  return { ...issuanceJson(event, issuance), inLedger };
}

async function describePage(
  source: IssuanceSource,
  event: EventDefinition,
  query: z.infer<typeof issuancePageQuery>,
) {
  const { database } = source;
  const { found, nextAfterRank } = await readPage(source, event, query);
  return {
    event: {
      id: event.id,
      name: event.name,
      stock: event.stock,
      returned: event.returned,
      paused: event.paused,
      ended: event.ended,
      revision: event.revision,
      windows: event.windows.map(({ id, opensAtMs, closesAtMs, quota }) => ({
        id,
        opensAt: isoTime(opensAtMs),
        closesAt: isoTime(closesAtMs),
        quota,
      })),
    },
    inLedger: await countIssued(database.orm, event.id),
    inOutbox: await countOutbox(database, event.id),
    issuances: found.map((each) => describe(event, each)),
    nextAfterRank,
  };
}

async function readPage(
  source: IssuanceSource,
  event: EventDefinition,
  query: z.infer<typeof issuancePageQuery>,
): Promise<{ found: FoundIssuance[]; nextAfterRank: number | null }> {
  const { memberId, code, ...page } = query;
  const selector = selectorOf(memberId, code);
  if (selector !== undefined) {
    const one = await findIssuance(source, event, selector);
    const isMeant =
      one !== undefined &&
      (page.status === undefined || one.issuance.status === page.status) &&
      (page.windowId === undefined || one.issuance.windowId === page.windowId);
    return { found: isMeant ? [one] : [], nextAfterRank: null };
  }
  const rows = await readIssuancePage(source.database, event.id, page);
  return {
    found: rows.map((issuance) => ({ issuance, inLedger: true })),
    nextAfterRank: rows.length >= page.limit ? (rows.at(-1)?.rank ?? null) : null,
  };
}

function selectorOf(memberId: string | undefined, code: string | undefined): Selector | undefined {
  if (memberId !== undefined) return { by: "member", memberId };
  return code === undefined ? undefined : { by: "code", code };
}
