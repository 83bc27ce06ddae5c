/** What the live feed is answered, beyond what is common. */
import { DEFAULT_LIVE_LIMITS } from "../../../src/server/http/live/feeds.ts";
import { openApp } from "../../support/app.ts";
import { type Sample, send } from "../world.ts";

const LIVE = "GET /v1/events/{id}/live";
const FOLLOW = { call: "GET /v1/events/open/live" };

export const eventSamples: Readonly<Record<string, Sample>> = {
  [`${LIVE} 503 too_many_listeners`]: async () => {
    const at = await openApp({ liveLimits: { ...DEFAULT_LIVE_LIMITS, maxListeners: 0 } });
    await at.openEvent("open", [0]);
    return await send(at, FOLLOW);
  },
  [`${LIVE} 503 shutting_down`]: async () => {
    const at = await openApp();
    at.stop();
    return await send(at, FOLLOW);
  },
};
