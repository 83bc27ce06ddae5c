/**
 * A server that answers every request as if it had issued a coupon, at the least cost: what is
 * measured against it is the generator. HTTP/1.1 and HTTP/2 on one port.
 *
 *     bun scripts/bench/constant-server.ts [port]
 *
 * Prints its address, and serves until it is ended.
 */
const ANSWER = JSON.stringify({
  status: "issued",
  eventId: "018f2b6c-0000-7000-8000-000000000000",
  rank: 1,
  code: "7ZK2-0QXH-41VD-M8RT",
  coupon: { name: "Coupon" },
  issuedAt: "2026-01-01T00:00:00.000Z",
});
const INIT = { status: 201, headers: { "content-type": "application/json" } };

const server = Bun.serve({
  hostname: "127.0.0.1",
  port: Number(process.argv[2] ?? 0),
  http2: true,
  idleTimeout: 0,
  fetch: () => new Response(ANSWER, INIT),
});
process.stdout.write(`${server.url.origin}\n`);
