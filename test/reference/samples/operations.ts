/** What the calls for whoever runs the server are answered, beyond what is common. */
import { openApp } from "../../support/app.ts";
import { type Sample, send } from "../world.ts";

export const operationSamples: Readonly<Record<string, Sample>> = {
  "GET /readyz 503": async () => {
    const at = await openApp();
    at.stop();
    return await send(at, { call: "GET /readyz" });
  },
  "GET /docs/{asset} 200 text/css": ({ at }) => send(at, { call: "GET /docs/swagger-ui.css" }),
  "GET /docs/{asset} 404 not_found": ({ at }) => send(at, { call: "GET /docs/hasOwnProperty" }),
};
