/** 404 or 405 for what no route answers. */
import type { Context, Hono } from "hono";
import { problem } from "./problem.ts";

const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"];

/** Whether what is registered answers requests; false for middleware, which matches as routes do. */
export function isRoute({ method, path }: { readonly method: string; readonly path: string }) {
  return method !== "ALL" && !path.endsWith("*");
}

/** The methods that the path answers; empty where there is nothing. */
export function allowedMethods(app: Hono, path: string): string[] {
  const allowed = METHODS.filter((method) =>
    app.router.match(method, path)[0].some(([[, route]]) => isRoute(route)),
  );
  return allowed.includes("GET") ? ["GET", "HEAD", ...allowed.slice(1)] : allowed;
}

/** The answer to a request that no route took. */
export function answerUnrouted(app: Hono, c: Context): Response {
  const allowed = allowedMethods(app, c.req.path);
  if (allowed.length === 0) return problem("not_found");
  return problem("method_not_allowed", {}, { allow: allowed.join(", ") });
}
