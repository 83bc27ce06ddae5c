/** The client on real sockets: against Bun's server, and against Node's in a process of its own. */
import { afterEach, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { counts, exchange as exchangeOver } from "../../../test/support/exchange.ts";
import { killAtEnd } from "../../../test/support/last-will.ts";
import { CONNECTION_LIMITS, type Target } from "../transport.ts";
import { Http2Connection, type Http2Limits } from "./connection.ts";
import { encodeHttp2Request } from "./request.ts";

const TEST_FOLDER = join(import.meta.dir, "..", "..", "..", "test");
const CERT = join(TEST_FOLDER, "tls", "localhost.crt");
const KEY = join(TEST_FOLDER, "tls", "localhost.key");
const SOLD_OUT = '410 {"code":"sold_out"}';
const LIMITS: Http2Limits = { ...CONNECTION_LIMITS, streams: 8, reconnectDelayMs: 1 };

const REQUEST = encodeHttp2Request({
  method: "POST",
  scheme: "http",
  authority: "127.0.0.1",
  path: "/v1/events/rush/claims",
  authorization: "Bearer token",
});

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

async function startNode(mode: string, tls = false): Promise<Target> {
  const script = join(TEST_FOLDER, "support", "http2-server.mjs");
  const child = Bun.spawn(["node", script, mode, ...(tls ? [CERT, KEY] : [])], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  killAtEnd(child);
  cleanups.push(() => child.kill());
  const { value } = await child.stdout.getReader().read();
  const port = Number(new TextDecoder().decode(value));
  return { hostname: "127.0.0.1", port, ...(tls ? { tls: { insecure: true } } : {}) };
}

function startBun(tls: boolean): Target {
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    http2: true,
    ...(tls ? { tls: { cert: Bun.file(CERT), key: Bun.file(KEY) } } : {}),
    fetch: (request) =>
      Response.json(
        { code: "sold_out" },
        {
          status: request.headers.get("authorization") === "Bearer token" ? 410 : 401,
        },
      ),
  });
  cleanups.push(() => server.stop(true));
  const port = server.port ?? 0;
  return { hostname: "127.0.0.1", port, ...(tls ? { tls: { insecure: true } } : {}) };
}

const exchange = (target: Target, count: number, limits: Http2Limits = LIMITS) =>
  exchangeOver(
    target,
    count,
    () => REQUEST,
    (network, events) => new Http2Connection(network, target, limits, events),
  );

describe("every request is answered", () => {
  test.each([
    ["Bun's server, prior knowledge", () => startBun(false), 8],
    ["Bun's server, TLS", () => startBun(true), 8],
    ["Node's server, prior knowledge, of four streams", () => startNode("plain"), 4],
    ["Node's server, TLS, of four streams", () => startNode("plain", true), 4],
    ["a server without a dynamic table", () => startNode("tableless"), 4],
    ["a server that pings", () => startNode("ping"), 4],
  ] as const)("%s", async (_name, start, streams) => {
    const told = await exchange(await start(), 300);
    expect(counts(told.answers)).toEqual({ [SOLD_OUT]: 300 });
    expect(told.lost).toBe(0);
    expect(told.mostInFlight).toBe(streams);
  });

  test.each([false, true])(
    "padded, with a long header, body and trailers; TLS: %p",
    async (tls) => {
      const target = await startNode("large", tls);
      const body = JSON.stringify({ code: "sold_out", detail: "é".repeat(2_000) });
      const narrow = { ...LIMITS, streamWindowBytes: 500 };
      for (const limits of [LIMITS, narrow]) {
        const told = await exchange(target, 20, limits);
        expect(counts(told.answers)).toEqual({ [`410 ${body}`]: 20 });
      }
    },
  );
});

describe("what is not answered is told", () => {
  test("streams that are reset", async () => {
    const told = await exchange(await startNode("reset"), 100);
    expect(counts(told.answers)).toEqual({
      [SOLD_OUT]: 80,
      "the server reset the stream (REFUSED_STREAM)": 20,
    });
    expect(told.lost).toBe(0);
  });

  test("a server that goes away is found again, and each connection serves ten", async () => {
    const told = await exchange(await startNode("goaway"), 100);
    const { [SOLD_OUT]: answered, ...others } = counts(told.answers);
    expect(told.lost).toBeGreaterThanOrEqual(6);
    expect(answered).toBeGreaterThanOrEqual(60);
    for (const reason of Object.keys(others)) expect(reason).toStartWith("the server went away");
  });

  test("a server that goes away for an error is not waited for, though it keeps the socket", async () => {
    const told = await exchange(await startNode("broken"), 20);
    expect(counts(told.answers)).toEqual({
      "the server went away (ENHANCE_YOUR_CALM)": 4,
      [SOLD_OUT]: 16,
    });
    expect(told.lost).toBe(1);
  });

  test("a connection that is cut leaves what is in flight unknown, and opens again", async () => {
    const told = await exchange(await startNode("destroy"), 100);
    const { [SOLD_OUT]: answered = 0, ...others } = counts(told.answers);
    expect(told.lost).toBeGreaterThan(0);
    expect(answered).toBeGreaterThan(0);
    expect(Object.keys(others).length).toBeGreaterThan(0);
    expect(Object.keys(others).join()).not.toMatch(/^\d/);
  });

  test("one slow request is given up alone", async () => {
    const told = await exchange(await startNode("stuck"), 1_000, {
      ...LIMITS,
      requestTimeoutMs: 1_000,
      streams: 2,
    });
    expect(told.answers[2]).toBe("no answer in time");
    expect(counts(told.answers)[SOLD_OUT]).toBe(999);
  });

  test("a connection on which nothing comes is given up", async () => {
    const told = await exchange(await startNode("mute"), 4, { ...LIMITS, requestTimeoutMs: 50 });
    expect(counts(told.answers)).toEqual({ "no answer in time": 4 });
    expect(told.lost).toBe(1);
  });

  test("when the streams' numbers are used up, another connection is opened", async () => {
    const told = await exchange(startBun(false), 100, { ...LIMITS, lastStreamId: 41 });
    expect(counts(told.answers)).toEqual({ [SOLD_OUT]: 100 });
    expect(told.lost).toBe(4);
  });
});

describe("a connection is refused", () => {
  const open = (target: Target, limits = LIMITS) => exchange(target, 1, limits);

  test("whose certificate is not trusted", async () => {
    const { hostname, port } = startBun(true);
    const target = { hostname, port, tls: { insecure: false } };
    await expect(open(target)).rejects.toThrow("the server's certificate is not trusted");
  });

  test("by a server that speaks HTTP/1.1 alone", async () => {
    const server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response("") });
    cleanups.push(() => server.stop(true));
    const target = { hostname: "127.0.0.1", port: server.port ?? 0 };
    await expect(open(target)).rejects.toThrow(/the server does not speak HTTP\/2|was lost/);
  });

  test("by a server that offers HTTP/1.1 alone over TLS", async () => {
    const tls = { cert: Bun.file(CERT), key: Bun.file(KEY) };
    const server = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      tls,
      fetch: () => new Response(""),
    });
    cleanups.push(() => server.stop(true));
    const target = { hostname: "127.0.0.1", port: server.port ?? 0, tls: { insecure: true } };
    await expect(open(target)).rejects.toThrow(/does not offer HTTP\/2|was lost|not trusted/);
  });

  test("by a server that says nothing", async () => {
    const server = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
    cleanups.push(() => server.stop(true));
    const target = { hostname: "127.0.0.1", port: server.port };
    const limits = { ...LIMITS, connectTimeoutMs: 50 };
    await expect(open(target, limits)).rejects.toThrow("no connection in time");
  });
});
