import { afterAll, beforeAll, expect, test } from "bun:test";
import type { Server } from "bun";
import { type LoadPlan, planWorkers } from "./fleet.ts";
import { HTTP_VERSIONS } from "./transport.ts";
import { warmUp } from "./warm-up.ts";

let server: Server<undefined>;
let requests = 0;
beforeAll(() => {
  server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    http2: true,
    fetch: () => {
      requests++;
      return new Response("");
    },
  });
});
afterAll(() => server.stop(true));

function plan(overrides: Partial<LoadPlan>): LoadPlan {
  return {
    url: server.url,
    eventId: "rush",
    shape: { kind: "constant", ratePerSecond: 40_000 },
    durationMs: 1_000,
    graceMs: 0,
    users: 10,
    seed: 1,
    workers: 1,
    connections: 2,
    tokens: { secret: "s".repeat(32), previousSecret: undefined, issuer: "i", audience: "a" },
    tokenLifetimeSeconds: 60,
    ...overrides,
  };
}

test.each(HTTP_VERSIONS)(
  "warming up over HTTP/%s sends the plan's server nothing",
  async (http) => {
    const transport = { http, streams: 4, insecure: false };
    for (const worker of planWorkers(plan({ transport }))) await warmUp(worker);
    expect(requests).toBe(0);
  },
);
