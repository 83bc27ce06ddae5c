import { expect, test } from "bun:test";
import { GaugePoller, NO_GAUGES, readReadiness } from "./gauges.ts";

/** A server that answers these bodies; undefined for 404. `asked` resolves at the third request. */
function serveBodies(event: object | undefined, ready: object | undefined) {
  const asked = Promise.withResolvers<void>();
  let requests = 0;
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: ({ url }) => {
      if (++requests === 3) asked.resolve();
      const body = new URL(url).pathname === "/v1/events/rush" ? event : ready;
      return body === undefined ? new Response("?", { status: 404 }) : Response.json(body);
    },
  });
  return { url: server.url, asked: asked.promise, [Symbol.asyncDispose]: () => server.stop(true) };
}

/** What a poller says of now, once it has had its first sample, and of other times. */
async function poll({ url, asked }: { readonly url: URL; readonly asked: Promise<void> }) {
  const poller = new GaugePoller(url, "rush");
  poller.start(performance.timeOrigin + performance.now());
  const startMs = performance.now();
  const now = () => performance.now() - startMs;
  // Two requests make a sample: with the third one it has begun the next.
  await asked;
  poller.stop();
  return {
    late: poller.gaugesAt(now()),
    early: poller.gaugesAt(-1),
    old: poller.gaugesAt(60_000),
    stock: poller.stock,
  };
}

test("what the server tells, at its time and for a while after", async () => {
  await using server = serveBodies(
    { remaining: 7, stock: 9 },
    { engine: "redis", queueDepth: 3, writerBacklog: null },
  );
  const gauges = { remaining: 7, queueDepth: 3, writerBacklog: null };
  expect(await poll(server)).toEqual({
    late: gauges,
    early: NO_GAUGES,
    old: NO_GAUGES,
    stock: 9,
  });
  expect(await readReadiness(server.url)).toMatchObject({ engine: "redis" });
});

test("a server that tells nothing, or nonsense", async () => {
  await using silent = serveBodies(undefined, undefined);
  expect(await poll(silent)).toMatchObject({ late: NO_GAUGES, stock: null });
  expect(await readReadiness(silent.url)).toBeUndefined();
  await using odd = serveBodies({ remaining: "many" }, { queueDepth: -1 });
  expect((await poll(odd)).late).toEqual(NO_GAUGES);
});
