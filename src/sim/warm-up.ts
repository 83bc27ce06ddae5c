/**
 * Lets the engine compile what a worker runs before the clock starts. Otherwise the first claims,
 * which a rush is about, would be sent by an interpreter, late, and at several times their price.
 */
import { LoadLoop } from "./load.ts";
import type { WorkerPlan } from "./messages.ts";
import { chooseNetwork } from "./network/choose-network.ts";
import { prepareRequests } from "./requests.ts";

const CONNECTIONS = 8;
const ARRIVALS = 30_000;
const DURATION_MS = 800;
const MEMBERS = 100;

/** An answer to a claim, so that all of the path is run through. */
const ANSWER = JSON.stringify({ status: "issued", rank: 1, code: "7ZK2-0QXH-41VD-M8RT" });
const INIT = { status: 201, headers: { "content-type": "application/json" } };

/**
 * Sends claims, over the plan's version of HTTP, to a server in this thread that exists for as long;
 * nothing is sent to the plan's own server, and nothing that is measured here is kept. A worker that sends less than that begins cold.
 */
export async function warmUp(plan: WorkerPlan): Promise<void> {
  if (plan.share.arrivals.dueUs.length < ARRIVALS) return;
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    http2: true,
    fetch: () => new Response(ANSWER, INIT),
  });
  const rehearsal: WorkerPlan = {
    ...plan,
    share: {
      arrivals: {
        dueUs: Float64Array.from(
          { length: ARRIVALS },
          (_, n) => (n * DURATION_MS * 1000) / ARRIVALS,
        ),
        slots: Uint32Array.from({ length: ARRIVALS }, (_, n) => n % MEMBERS),
      },
      memberNumbers: Uint32Array.from({ length: MEMBERS }, (_, n) => n + 1),
      credentials: new Uint8Array(MEMBERS),
    },
    durationMs: DURATION_MS,
    graceMs: DURATION_MS,
    target: { hostname: "127.0.0.1", port: server.port ?? 0 },
    connections: CONNECTIONS,
  };
  const network = chooseNetwork(plan.target, true);
  const load = new LoadLoop(rehearsal, prepareRequests(rehearsal), () => undefined, network);
  try {
    await load.open();
    await load.run(performance.timeOrigin + performance.now());
  } finally {
    load.close();
    await server.stop(true);
  }
}
