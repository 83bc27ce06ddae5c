/**
 * `/openapi.json`: the HTTP reference for programs. `/docs`: the same for people, drawn by Swagger UI
 * from files that are part of the program, so that the page needs no other server.
 */
import { Hono } from "hono";
import packageJson from "../../../package.json" with { type: "json" };
import { problem } from "./problem.ts";

/** Everything from this server, no script or style in the page itself, no frame around it. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

const { version } = packageJson;
/** Another version has another address, so a browser never mixes two. */
const ASSET_CACHING = "public, max-age=86400";

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>couponlive ${version}: HTTP reference</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/docs/swagger-ui.css?v=${version}">
</head>
<body>
<div id="reference"></div>
<script src="/docs/swagger-ui-bundle.js?v=${version}"></script>
<script src="/docs/start.js?v=${version}"></script>
</body>
</html>
`;

/** The routes of the reference. What they answer with is loaded and made when it is first wanted. */
export function referenceRoutes(): Hono {
  const routes = new Hono();
  let document: Promise<string> | undefined;

  routes.get("/openapi.json", async () => {
    document ??= makeDocument();
    return new Response(await document, { headers: { "content-type": "application/json" } });
  });

  routes.get("/docs", (c) => {
    c.header("content-security-policy", CONTENT_SECURITY_POLICY);
    c.header("referrer-policy", "no-referrer");
    return c.html(PAGE);
  });

  routes.get("/docs/:asset", async (c) => {
    const { findAsset } = await import("./docs/assets.ts");
    const asset = findAsset(c.req.param("asset"));
    if (asset === undefined) return problem("not_found");
    const headers = { "content-type": asset.mediaType, "cache-control": ASSET_CACHING };
    return new Response(asset.body, { headers });
  });

  return routes;
}

async function makeDocument(): Promise<string> {
  const [{ openApiDocument }, { OPERATIONS }] = await Promise.all([
    import("./openapi/document.ts"),
    import("./openapi/operations.ts"),
  ]);
  return JSON.stringify(openApiDocument(OPERATIONS, version));
}
