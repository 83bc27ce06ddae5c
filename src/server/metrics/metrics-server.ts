/**
 * `/metrics` on a port of its own: what it tells is the operator's business, so it is not where the
 * crowd is, and listens on this machine alone unless it is told otherwise.
 */
import type { MetricsAddress } from "../../config.ts";
import { CliError, EXIT } from "../../exit-codes.ts";
import { CONTENT_TYPE, formatMetrics, type ProcessMetrics } from "./exposition.ts";

export interface MetricsServer {
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * Starts it.
 *
 * @param gather the metrics of all processes; asked once for all who ask at one time
 * @throws CliError when the address cannot be used
 */
export function startMetricsServer(
  address: MetricsAddress,
  gather: () => Promise<readonly ProcessMetrics[]>,
): MetricsServer {
  let underWay: Promise<string> | undefined;
  const scrape = async () => await formatMetrics(await gather());
  const server = listen(address, async (request) => {
    const { pathname } = new URL(request.url);
    if (pathname !== "/metrics" || request.method !== "GET") {
      return new Response("The metrics are at /metrics.\n", { status: 404 });
    }
    underWay ??= scrape().finally(() => {
      underWay = undefined;
    });
    return new Response(await underWay, { headers: { "content-type": CONTENT_TYPE } });
  });
  return {
    url: `http://${server.hostname}:${server.port}/metrics`,
    stop: async () => await server.stop(true),
  };
}

function listen(
  { host, port }: MetricsAddress,
  fetch: (request: Request) => Promise<Response>,
): Bun.Server<undefined> {
  try {
    // Said aloud: left out, this Bun shares the port with another server of ours.
    return Bun.serve({ hostname: host, port, reusePort: false, development: false, fetch });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new CliError(
      `metrics cannot be served at ${host}:${port} (${why}): choose another --metrics-port or --metrics-host`,
      EXIT.failed,
    );
  }
}
