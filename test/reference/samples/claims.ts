/** What claims are answered, beyond what is common. */
import { endEvent, pauseEvent } from "../../../src/server/events/administration.ts";
import { changeCatalogue } from "../../../src/server/events/change.ts";
import { openApp } from "../../support/app.ts";
import { MEMBER, type Sample } from "../world.ts";

const CLAIM = "POST /v1/events/{id}/claims";

export const claimSamples: Readonly<Record<string, Sample>> = {
  [`${CLAIM} 201`]: ({ at }) => at.claim("open", "new"),
  [`${CLAIM} 200`]: ({ at }) => at.claim("open", MEMBER),
  [`${CLAIM} 409 not_open`]: async ({ at }) => {
    await at.openEvent("later", [10]);
    return await at.claim("later", MEMBER);
  },
  [`${CLAIM} 409 window_exhausted`]: async ({ at }) => {
    await at.openEvent("rationed", [0, 10]);
    await changeCatalogue(at.database, async (transaction, revision) => {
      await transaction.run("UPDATE windows SET quota = 1 WHERE event_id = 'rationed'");
      await transaction.run(`UPDATE events SET revision = ${revision} WHERE id = 'rationed'`);
    });
    await at.catalogue.refresh();
    await at.claim("rationed", "bob");
    return await at.claim("rationed", MEMBER);
  },
  [`${CLAIM} 409 paused`]: async ({ at }) => {
    await at.openEvent("held", [0]);
    await pauseEvent(at.database, "held");
    await at.catalogue.refresh();
    return await at.claim("held", MEMBER);
  },
  [`${CLAIM} 410 ended`]: async ({ at }) => {
    await at.openEvent("gone", [0]);
    await endEvent(at.database, "gone");
    await at.catalogue.refresh();
    return await at.claim("gone", MEMBER);
  },
  [`${CLAIM} 410 sold_out`]: async ({ at }) => {
    await at.openEvent("small", [0]);
    for (const member of ["bob", "carol"]) await at.claim("small", member);
    return await at.claim("small", MEMBER);
  },
  [`${CLAIM} 503 overloaded`]: async ({ at }) => {
    const crowd = Array.from({ length: 60 }, (_, number) => at.claim("open", `crowd-${number}`));
    const refused = (await Promise.all(crowd)).find(({ status }) => status === 503);
    if (refused === undefined) throw new Error("the queue took everybody");
    return refused;
  },
  [`${CLAIM} 503 shutting_down`]: async () => {
    const at = await openApp();
    at.stop();
    return await at.claim("open", MEMBER);
  },

  "GET /v1/events/{id}/claims/me 404 no_claim": ({ at }) => at.mine("open", "nobody"),
};
