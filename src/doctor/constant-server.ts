/**
 * The entry of a thread that serves one answer to every claim, at the least cost: what remains is
 * what HTTP itself costs. It tells its address, and serves until it is ended.
 */
import { Hono } from "hono";

declare const self: Worker;

const ANSWER = { status: "issued", rank: 1, code: "7ZK2-0QXH-41VD-M8RT" };

const app = new Hono().post("/v1/events/:id/claims", (c) => c.json(ANSWER, 201));
const server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: app.fetch });

self.postMessage(server.url.origin);
