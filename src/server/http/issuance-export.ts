/** `GET /v1/admin/events/{id}/issuances.csv` and `.ndjson`: the ledger of an event as a file. */
import { Hono } from "hono";
import {
  EXPORT_FORMATS,
  type ExportChunk,
  type ExportFormat,
  exportIssuances,
} from "../issuances/export.ts";
import { administratorOf } from "./administrator.ts";
import type { Dependencies } from "./dependencies.ts";
import { issuanceFilterQuery } from "./issuances-schema.ts";
import { problem } from "./problem.ts";

/** Files that one process sends at once; who asks for another is told to come back. */
const MAX_EXPORTS = 4;
const RETRY_AFTER_SECONDS = "5";

const CONTENT_TYPES: Readonly<Record<ExportFormat, string>> = {
  csv: "text/csv; charset=utf-8; header=present",
  ndjson: "application/x-ndjson",
};

/** The routes of exports. */
export function issuanceExportRoutes(deps: Dependencies): Hono {
  const routes = new Hono();
  let underWay = 0;

  for (const format of EXPORT_FORMATS) {
    routes.get(`/v1/admin/events/:id/issuances.${format}`, (c) => {
      administratorOf(c);
      const event = deps.catalogue.get(c.req.param("id"));
      if (event === undefined) return problem("unknown_event");
      const filter = issuanceFilterQuery.safeParse(c.req.query());
      if (!filter.success) {
        const detail = "`status` is issued, redeemed or revoked, and `windowId` a whole number";
        return problem("invalid_request", { detail });
      }
      if (underWay >= MAX_EXPORTS) {
        const detail = `at most ${MAX_EXPORTS} exports are sent at once`;
        return problem("overloaded", { detail }, { "retry-after": RETRY_AFTER_SECONDS });
      }
      underWay++;
      const chunks = exportIssuances(deps.database, event, format, filter.data);
      return new Response(
        streamOf(chunks, () => underWay--),
        {
          headers: {
            "content-type": CONTENT_TYPES[format],
            "content-disposition": `attachment; filename="${event.id}-issuances.${format}"`,
            "cache-control": "no-store",
          },
        },
      );
    });
  }

  return routes;
}

/** Sends a chunk when the one before has been taken; `onEnd` is called once, however it ends. */
function streamOf(
  chunks: AsyncGenerator<ExportChunk>,
  onEnd: () => void,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let ended = false;
  const end = () => {
    if (!ended) onEnd();
    ended = true;
  };
  return new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        try {
          const { value, done } = await chunks.next();
          if (done !== true) {
            controller.enqueue(encoder.encode(value.text));
            return;
          }
          end();
          controller.close();
        } catch (error) {
          // The connection is cut: whoever reads must not take a part for the whole.
          end();
          controller.error(error);
        }
      },
      cancel: async () => {
        end();
        await chunks.return(undefined);
      },
    },
    { highWaterMark: 0 },
  );
}
