/** The files that the page of the HTTP reference is made of; the compiled program has them in it. */

import style from "swagger-ui-dist/swagger-ui.css" with { type: "file" };
import bundle from "swagger-ui-dist/swagger-ui-bundle.js" with { type: "file" };
import start from "./start.client.js" with { type: "text" };

export interface Asset {
  readonly mediaType: string;
  readonly body: string | Bun.BunFile;
}

const JAVASCRIPT = "text/javascript; charset=utf-8";

const ASSETS: Readonly<Record<string, Asset>> = {
  "swagger-ui-bundle.js": { mediaType: JAVASCRIPT, body: Bun.file(bundle) },
  "swagger-ui.css": { mediaType: "text/css; charset=utf-8", body: Bun.file(style) },
  "start.js": { mediaType: JAVASCRIPT, body: start },
};

/** The file of that name, or undefined where there is none. */
export function findAsset(name: string): Asset | undefined {
  return Object.hasOwn(ASSETS, name) ? ASSETS[name] : undefined;
}
