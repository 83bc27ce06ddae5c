/** The live feed over real sockets: a web server on the embedded engine, and those who look on. */
import { beforeAll, describe, expect, test } from "bun:test";
import { connect as connectHttp2 } from "node:http2";
import pino from "pino";
import { expectProblem, openApp } from "../../../../test/support/app.ts";
import { embeddedParts } from "../../../../test/support/embedded.ts";
import { Combiner } from "../../claims/combiner.ts";
import type { Database } from "../../database.ts";
import { addWindows, createEvent } from "../../events/administration.ts";
import { Catalogue } from "../../events/catalogue.ts";
import { changeCatalogue } from "../../events/change.ts";
import { startWebServer, type WebServer } from "../../web-server.ts";
import { type LiveSnapshot, liveSnapshotSchema } from "../live-schema.ts";
import { DEFAULT_LIVE_LIMITS, LiveFeeds } from "./feeds.ts";
import { listenerLimit, readProcessLimits } from "./listener-limit.ts";

const EVENT = "launch";
let database: Database;
let server: WebServer;

beforeAll(async () => {
  const parts = await embeddedParts();
  database = parts.database;
  await openEvent(database, EVENT);
  server = await startWebServer({
    host: "127.0.0.1",
    port: 0,
    reusePort: false,
    tokens: { secret: "x".repeat(32), previousSecret: undefined, issuer: "a", audience: "b" },
    database,
    databaseConfig: { db: parts.path, dbToken: undefined },
    engine: await parts.create(),
    log: pino({ level: "silent" }),
  });
});

/** An event that is open now. */
async function openEvent(of: Database, id: string, stock = 100): Promise<void> {
  await createEvent(of, { id, name: id, stock });
  const nowMs = Date.now();
  await addWindows(of, id, [{ opensAtMs: nowMs }], { nowMs });
}

/** A message of the feed, or undefined for what is none: a comment, `retry`. */
function parseMessage(block: string): { id: string; snapshot: LiveSnapshot } | undefined {
  const [, id = "", data = ""] = /^id: (\S+)\ndata: (.*)$/.exec(block) ?? [];
  return id === "" ? undefined : { id, snapshot: liveSnapshotSchema.parse(JSON.parse(data)) };
}

/** Reads a feed block by block until the wanted snapshot has come; returns what came. */
async function readUntil(
  chunks: AsyncIterable<Uint8Array>,
  isWanted: (block: string) => boolean,
): Promise<string[]> {
  const decoder = new TextDecoder();
  const blocks: string[] = [];
  let rest = "";
  for await (const chunk of chunks) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split("\n\n");
    rest = parts.pop() ?? "";
    for (const block of parts) {
      blocks.push(block);
      if (isWanted(block)) return blocks;
    }
  }
  return blocks;
}

const isPaused = (block: string) => parseMessage(block)?.snapshot.state === "paused";

async function listen(headers: Record<string, string> = {}): Promise<Response> {
  return await fetch(`${server.url}/v1/events/${EVENT}/live`, { headers });
}

async function* chunksOf(response: Response): AsyncGenerator<Uint8Array> {
  if (response.body !== null) for await (const chunk of response.body) yield chunk;
}

async function setPaused(paused: boolean): Promise<void> {
  await changeCatalogue(database, async (transaction, revision) => {
    await transaction.run(
      `UPDATE events SET paused = ${Number(paused)}, revision = ${revision} WHERE id = '${EVENT}'`,
    );
  });
}

test("three dozen listeners, over HTTP/1.1 and HTTP/2, see the same snapshots", async () => {
  const session = connectHttp2(server.url);
  const listeners = Array.from({ length: 36 }, async (_, number) => {
    if (number % 2 === 0) return await readUntil(chunksOf(await listen()), isPaused);
    const stream = session.request({ ":path": `/v1/events/${EVENT}/live` });
    const blocks = await readUntil(stream, isPaused);
    stream.close();
    return blocks;
  });
  const first = await readUntil(chunksOf(await listen()), (block) => block.startsWith("id:"));
  expect(first[0]).toMatch(/^retry: \d+$/);
  expect(parseMessage(first[1] ?? "")?.snapshot).toMatchObject({
    id: EVENT,
    state: "open",
    stock: 100,
    issued: 0,
    remaining: 100,
    issuedPerSecond: 0,
    refusedPerSecond: 0,
    nextWindow: null,
    isEngineAvailable: true,
  });
  await setPaused(true);
  const seen = await Promise.all(listeners);
  session.destroy();
  const last = new Set(seen.map((blocks) => blocks.at(-1)));
  expect(last.size).toBe(1);
});

test("who comes again gets the newest at once, and nothing it has already", async () => {
  // A feed without listeners is forgotten, and its numbering with it.
  const other = await listen();
  const [, block = ""] = await readUntil(chunksOf(await listen()), (each) => each.startsWith("id"));
  const id = parseMessage(block)?.id ?? "";
  const again = await readUntil(chunksOf(await listen({ "last-event-id": id })), (each) =>
    each.startsWith(":"),
  );
  expect(again).toHaveLength(2);
  const behind = await readUntil(chunksOf(await listen({ "last-event-id": "old-1" })), (each) =>
    each.startsWith("id"),
  );
  expect(behind.at(-1)).toBe(block);
  await other.body?.cancel();
});

test("claims show: the count, and what was refused", async () => {
  const at = await feeds(100);
  const feed = at.feeds;
  const body = await feed.listen(at.event, null);
  const claims = Array.from({ length: 120 }, (_, number) =>
    at.combiner.claim(at.event, `m${number}`),
  );
  await Promise.all(claims);
  const blocks = await readUntil(body, (each) => {
    const { issued = 0, refusedPerSecond = 0 } = parseMessage(each)?.snapshot ?? {};
    return issued === 100 && (refusedPerSecond ?? 0) > 0;
  });
  expect(parseMessage(blocks.at(-1) ?? "")?.snapshot).toMatchObject({
    state: "sold_out",
    remaining: 0,
  });
  await at.close();
});

/** Feeds over an engine of their own, which is asked as often as the limits say. */
async function feeds(stock: number, limits: Partial<typeof DEFAULT_LIVE_LIMITS> = {}) {
  const parts = await embeddedParts();
  await openEvent(parts.database, EVENT, stock);
  const engine = await parts.create();
  const catalogue = await Catalogue.open(parts.database);
  const combiner = new Combiner(engine);
  const event = catalogue.get(EVENT);
  if (event === undefined) throw new Error("the event is not there");
  let clockMs = 0;
  // By this clock no answer of the engine is young enough to be kept.
  const nowMs = () => {
    clockMs += 1_000;
    return clockMs;
  };
  const live = new LiveFeeds(
    { catalogue, engine, combiner, nowMs },
    { ...DEFAULT_LIVE_LIMITS, ...limits },
  );
  return {
    feeds: live,
    event,
    combiner,
    close: async () => {
      live.close();
      await catalogue.close();
      await engine.close();
    },
  };
}

test("a listener that does not read is dropped, and the others go on", async () => {
  const at = await feeds(100_000, { readIntervalMs: 1, turnIntervalMs: 1, maxUnreadBytes: 2_000 });
  const dropped = Promise.withResolvers<void>();
  let isDropped = false;
  void dropped.promise.then(() => {
    isDropped = true;
  });
  const web = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    http2: true,
    fetch: async () => new Response(await at.feeds.listen(at.event, null, dropped.resolve)),
  });
  // By HTTP/2, whose flow control is that of one stream, and holds much less than a socket.
  const session = connectHttp2(web.url.origin);
  const slow = session.request({ ":path": "/" });
  const ended = new Promise<void>((resolve) => slow.once("end", resolve));
  const quick = session.request({ ":path": "/" });
  let quickBytes = 0;
  quick.on("data", (chunk: Buffer) => {
    quickBytes += chunk.length;
  });
  await new Promise((resolve) => slow.once("response", resolve));
  for (let number = 0; !isDropped; number++) await at.combiner.claim(at.event, `m${number}`);
  const bytesThen = quickBytes;
  expect([at.feeds.listenerCount, at.feeds.droppedCount]).toEqual([1, 1]);
  for (let number = 0; quickBytes === bytesThen; number++) {
    await at.combiner.claim(at.event, `n${number}`);
  }
  slow.resume();
  await ended;
  session.destroy();
  await web.stop(true);
  await at.close();
});

test("listeners leave half of the files to those who claim", () => {
  const limits =
    "Limit  Soft Limit  Hard Limit  Units\nMax open files            1024       4096       files\n";
  expect(listenerLimit(20_000, limits)).toBe(512);
  expect(listenerLimit(100, limits)).toBe(100);
  expect(listenerLimit(20_000, limits.replace("1024", "unlimited"))).toBe(20_000);
  expect(listenerLimit(20_000, undefined)).toBe(20_000);
  if (process.platform === "linux") expect(readProcessLimits()).toContain("Max open files");
});

describe("what is refused", () => {
  test("one listener too many, and an event that is not there", async () => {
    const at = await openApp({ liveLimits: { ...DEFAULT_LIVE_LIMITS, maxListeners: 1 } });
    await at.openEvent("open", [0]);
    const first = await at.app.request("/v1/events/open/live");
    expect(first.headers.get("content-type")).toBe("text/event-stream");
    const second = await at.app.request("/v1/events/open/live");
    expect(second.headers.get("retry-after")).toBe("5");
    await expectProblem(second, "too_many_listeners");
    await first.body?.cancel();
    const third = await at.app.request("/v1/events/open/live");
    expect(third.status).toBe(200);
    await third.body?.cancel();
    await expectProblem(await at.app.request("/v1/events/nowhere/live"), "unknown_event");
    at.stop();
    await expectProblem(await at.app.request("/v1/events/open/live"), "shutting_down");
    await at.catalogue.close();
  });
});

test("a server that stops ends the lines in order, and does not wait for them", async () => {
  const response = await listen();
  const blocks = readUntil(chunksOf(response), () => false);
  await server.stop();
  expect((await blocks).length).toBeGreaterThan(0);
});
