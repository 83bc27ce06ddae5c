/** What the calls that set up events are answered, beyond what is common. */
import { openApp } from "../../support/app.ts";
import { type App, type Sample, sendAsAdmin } from "../world.ts";

const EVENTS = "/v1/admin/events";
const EVENT = `${EVENTS}/{id}`;
/** An instant that a zone's clocks skip when they are put forward. */
const SKIPPED = { validUntil: "2099-03-29T02:30" };
const BERLIN = { timeZone: "Europe/Berlin" };
const NO_NAME = { name: " " };

/** Creates an event with an id of its own. */
async function create(at: App, settings: object = {}): Promise<string> {
  const id = `e-${crypto.randomUUID().slice(0, 20)}`;
  const answer = await sendAsAdmin(at, `POST ${EVENTS}`, { id, name: id, ...settings });
  if (answer.status !== 201) throw new Error(await answer.text());
  return id;
}

async function createEnded(at: App): Promise<string> {
  const id = await create(at);
  await sendAsAdmin(at, `POST ${EVENTS}/${id}/end`);
  return id;
}

/** Calls on an event that was ended. */
function onEnded(method: string, rest: string, body?: unknown): Sample {
  return async ({ at }) =>
    await sendAsAdmin(at, `${method} ${EVENTS}/${await createEnded(at)}${rest}`, body);
}

/** Calls on an event that was made with these settings. */
function on(settings: object, method: string, rest: string, body?: unknown): Sample {
  return async ({ at }) =>
    await sendAsAdmin(at, `${method} ${EVENTS}/${await create(at, settings)}${rest}`, body);
}

/** Calls on the event `open`. */
function onOpen(method: string, rest: string, body?: unknown): Sample {
  return ({ at }) => sendAsAdmin(at, `${method} ${EVENTS}/open${rest}`, body);
}

const SHORT_CODES = { codePrefix: "SAME", codeLength: 8 };

const creating: Readonly<Record<string, Sample>> = {
  [`POST ${EVENTS} 409 event_exists`]: ({ at }) =>
    sendAsAdmin(at, `POST ${EVENTS}`, { id: "open", name: "open" }),
  [`POST ${EVENTS} 409 code_taken`]: async ({ at }) => {
    const again = () => sendAsAdmin(at, `POST ${EVENTS}`, { name: "same", ...SHORT_CODES });
    await again();
    return await again();
  },
  [`POST ${EVENTS} 422 invalid_input`]: ({ at }) => sendAsAdmin(at, `POST ${EVENTS}`, NO_NAME),
  [`POST ${EVENTS} 422 unknown_time_zone`]: ({ at }) =>
    sendAsAdmin(at, `POST ${EVENTS}`, { name: "x", timeZone: "Mars/Olympus" }),
  [`POST ${EVENTS} 422 skipped_time`]: ({ at }) =>
    sendAsAdmin(at, `POST ${EVENTS}`, { name: "x", ...BERLIN, ...SKIPPED }),
};

const changing: Readonly<Record<string, Sample>> = {
  [`PATCH ${EVENT} 409 event_ended`]: onEnded("PATCH", "", { windowsPerDay: 3 }),
  [`PATCH ${EVENT} 409 setting_fixed`]: onOpen("PATCH", "", { codeLength: 20 }),
  [`PATCH ${EVENT} 409 code_taken`]: async ({ at }) => {
    await create(at, { codePrefix: "MINE", codeLength: 8 });
    const other = await create(at);
    const same = { codePrefix: "MINE", codeLength: 8 };
    return await sendAsAdmin(at, `PATCH ${EVENTS}/${other}`, same);
  },
  [`PATCH ${EVENT} 422 invalid_input`]: onOpen("PATCH", "", NO_NAME),
  [`PATCH ${EVENT} 422 skipped_time`]: on(BERLIN, "PATCH", "", SKIPPED),
  // Which tiers may change is known to whoever decides.
  [`PATCH ${EVENT} 503 engine_unavailable`]: async ({ withoutEngine }) =>
    await sendAsAdmin((await withoutEngine()).at, `PATCH ${EVENTS}/open`, {
      coupons: [{ kind: "percent", value: 5, count: 1_000 }],
    }),
  [`DELETE ${EVENT} 409 has_issued`]: onOpen("DELETE", ""),
  [`POST ${EVENT}/pause 409 event_ended`]: onEnded("POST", "/pause"),
  [`POST ${EVENT}/resume 409 event_ended`]: onEnded("POST", "/resume"),
};

const restocking: Readonly<Record<string, Sample>> = {
  [`POST ${EVENT}/restock 409 event_ended`]: onEnded("POST", "/restock", { stock: 5 }),
  [`POST ${EVENT}/restock 409 stock_below_issued`]: onOpen("POST", "/restock", { stock: 1 }),
  [`POST ${EVENT}/restock 422 invalid_input`]: onOpen("POST", "/restock", { stock: 0 }),
  [`POST ${EVENT}/restock 422 invalid_codes`]: async ({ at }) => {
    const id = await create(at, { stock: 1 });
    await sendAsAdmin(at, `PUT ${EVENTS}/${id}/codes`, "ONLY-ONE\n");
    return await sendAsAdmin(at, `POST ${EVENTS}/${id}/restock`, { stock: 2 });
  },
};

const cloning: Readonly<Record<string, Sample>> = {
  [`POST ${EVENT}/clone 409 event_exists`]: onOpen("POST", "/clone", { id: "spare", name: "x" }),
  [`POST ${EVENT}/clone 409 code_taken`]: on(
    { codePrefix: "ONCE", codeLength: 8 },
    "POST",
    "/clone",
    { name: "x", codePrefix: "ONCE", codeLength: 8 },
  ),
  [`POST ${EVENT}/clone 422 invalid_input`]: onOpen("POST", "/clone", NO_NAME),
  [`POST ${EVENT}/clone 422 skipped_time`]: on(BERLIN, "POST", "/clone", {
    name: "x",
    ...SKIPPED,
  }),
};

const bringingCodes: Readonly<Record<string, Sample>> = {
  [`PUT ${EVENT}/codes 409 event_ended`]: onEnded("PUT", "/codes", "CODE-1\n"),
  [`PUT ${EVENT}/codes 409 window_begun`]: onOpen("PUT", "/codes", "CODE-1\n"),
  [`PUT ${EVENT}/codes 409 has_issued`]: async () => {
    // Only a ledger that was tampered with has coupons of an event without a window.
    const at = await openApp();
    await at.openEvent("open", [0]);
    await at.claim("open", "alice");
    await at.database.client.execute("DELETE FROM windows");
    return await sendAsAdmin(at, `PUT ${EVENTS}/open/codes`, "CODE-1\nCODE-2\n");
  },
  [`PUT ${EVENT}/codes 409 code_taken`]: async ({ at }) => {
    for (const stock of [1, 1]) {
      const id = await create(at, { stock });
      const answer = await sendAsAdmin(at, `PUT ${EVENTS}/${id}/codes`, "TAKEN-ONE\n");
      if (answer.status !== 200) return answer;
    }
    throw new Error("two events have one code");
  },
  [`PUT ${EVENT}/codes 422 invalid_codes`]: on({ stock: 2 }, "PUT", "/codes", "CODE-1\n"),
};

export const eventAdministrationSamples: Readonly<Record<string, Sample>> = {
  ...creating,
  ...changing,
  ...restocking,
  ...cloning,
  ...bringingCodes,
  ...windows(),
  [`GET ${EVENT}/audit 400 invalid_request`]: onOpen("GET", "/audit?limit=0"),
};

function windows(): Record<string, Sample> {
  const name = `${EVENT}/windows`;
  const at = (opensAt: string) => ({ windows: [{ opensAt }] });
  const daily = { times: ["10:00"], from: "2099-01-01" };
  return {
    [`POST ${name} 200`]: on({}, "POST", "/windows", { ...at("2099-12-01T10:00"), dryRun: true }),
    [`POST ${name} 409 event_ended`]: onEnded("POST", "/windows", at("2099-12-01T10:00")),
    [`POST ${name} 409 window_overlap`]: async (world) => {
      const again = () =>
        sendAsAdmin(world.at, `POST ${EVENTS}/spare/windows`, at("2099-12-05T10:00"));
      await again();
      return await again();
    },
    [`POST ${name} 409 too_many_windows`]: on({ windowsPerDay: 1 }, "POST", "/windows", {
      daily: { ...daily, times: ["10:00", "11:00"] },
    }),
    [`POST ${name} 422 invalid_input`]: on({}, "POST", "/windows", at("noon")),
    [`POST ${name} 422 unknown_time_zone`]: on({}, "POST", "/windows", {
      ...at("2099-12-01T10:00"),
      timeZone: "Mars/Olympus",
    }),
    [`POST ${name} 422 skipped_time`]: on(BERLIN, "POST", "/windows", at("2099-03-29T02:30")),
    [`POST ${name} 422 window_in_past`]: on({}, "POST", "/windows", at("2020-01-01T10:00")),
    [`DELETE ${name}/{windowId} 404 unknown_window`]: onOpen("DELETE", "/windows/99999"),
    [`DELETE ${name}/{windowId} 409 event_ended`]: onEnded("DELETE", "/windows/1"),
    [`DELETE ${name}/{windowId} 409 window_begun`]: async (world) => {
      const id = world.at.catalogue.get("open")?.windows[0]?.id;
      return await sendAsAdmin(world.at, `DELETE ${EVENTS}/open/windows/${id}`);
    },
  };
}
