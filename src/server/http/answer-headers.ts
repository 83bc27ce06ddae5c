/**
 * What holds for every answer: its headers, HEAD, and the limit on what a request brings along. The
 * route of claims is left alone: its answers are made with their headers (claims.ts), no body is
 * read, and one more handler would cost every claim.
 */
import type { Context, Hono, MiddlewareHandler } from "hono";
import { announcesTooMuch } from "./body.ts";
import { fixedProblem } from "./problem.ts";

/** Methods that change something, and the paths that answer them, besides the claim's. */
const CHANGING_METHODS = ["POST", "PUT", "PATCH", "DELETE"];
const CHANGING_PATHS = ["/v1/auth/*", "/v1/users/*", "/v1/coupons/*", "/v1/admin/*"];

/** Answers that are sent piece by piece: how long they will be, nobody knows before. */
const STREAMED = /^text\/(event-stream|csv)|^application\/x-ndjson/;

const tooLarge = fixedProblem("too_large");

/** To be called before the routes are added. */
export function addAnswerHeaders(app: Hono): void {
  app.get("*", answerHead, harden);
  app.on(CHANGING_METHODS, CHANGING_PATHS, harden, limitBody);
}

/** Nothing is guessed from content, and what does not say otherwise is kept by no cache. */
const harden: MiddlewareHandler = async (c, next) => {
  await next();
  const { headers } = c.res;
  headers.set("x-content-type-options", "nosniff");
  if (!headers.has("cache-control")) headers.set("cache-control", "no-store");
};

/** Refuses a body by the length that it announces, before any of it is read. */
const limitBody: MiddlewareHandler = async (c, next) =>
  announcesTooMuch(c.req.raw) ? tooLarge() : await next();

/** Hono makes HEAD of the route's GET and drops the body; its length must be told (RFC 9110, 9.3.2). */
const answerHead: MiddlewareHandler = async (c, next) => {
  await next();
  if (c.req.method === "HEAD") await tellLength(c);
};

async function tellLength({ res }: Context): Promise<void> {
  if (STREAMED.test(res.headers.get("content-type") ?? "")) {
    await res.body?.cancel();
    return;
  }
  const { byteLength } = await res.arrayBuffer();
  res.headers.set("content-length", String(byteLength));
}
