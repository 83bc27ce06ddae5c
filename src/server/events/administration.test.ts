import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { catalogue, issuances } from "../../../schema/tables.ts";
import { readAudit } from "../audit.ts";
import { type Database, openDatabase } from "../database.ts";
import {
  addWindows,
  cloneEvent,
  countIssued,
  createEvent,
  endEvent,
  findEvent,
  listEvents,
  pauseEvent,
  previewWindows,
  removeWindows,
  resumeEvent,
} from "./administration.ts";
import { EventError, type EventErrorCode } from "./event-error.ts";
import { EVENT_DEFAULTS } from "./limits.ts";
import { restockEvent } from "./stock.ts";

const NOW_MS = Date.UTC(2026, 11, 1, 9);
const HOUR_MS = 3_600_000;

let folder: string;
let database: Database;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "couponlive-administration-"));
  database = await openDatabase(join(folder, "test.db"));
});

afterEach(async () => {
  database.close();
  await rm(folder, { recursive: true });
});

/** The catalogue's revision, which servers follow. */
async function revision(): Promise<number | undefined> {
  const [row] = await database.orm.select().from(catalogue);
  return row?.revision;
}

/** Expects the refusal, and that it changed nothing. */
async function expectRefusal(
  change: () => Promise<unknown>,
  code: EventErrorCode,
  message: RegExp,
): Promise<void> {
  const before = [await revision(), await listEvents(database)];
  const error = await change().then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(EventError);
  expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
  expect([await revision(), await listEvents(database)]).toEqual(before);
}

async function issue(eventId: string, count: number): Promise<void> {
  const rows = Array.from({ length: count }, (_, index) => ({
    eventId,
    rank: index + 1,
    userId: `member-${index}`,
    code: `${eventId}-${index}`,
    windowId: 1,
    issuedAtMs: NOW_MS,
  }));
  await database.orm.insert(issuances).values(rows);
}

describe("createEvent", () => {
  test("fills in what is left out", async () => {
    const event = await createEvent(database, { name: "  Summer Sale: Über 50 %!  " });
    expect(event).toEqual({
      id: expect.stringMatching(/^summer-sale-uber-50-[0-9a-f]{6}$/),
      name: "Summer Sale: Über 50 %!",
      ...EVENT_DEFAULTS,
      returned: 0,
      codeKey: expect.any(Uint8Array),
      coupons: [{ firstRank: 1, kind: "percent", value: 10 }],
      windows: [],
      paused: false,
      ended: false,
      revision: 1,
    });
    expect(await findEvent(database, event.id)).toEqual(event);
  });

  test("keeps what is given", async () => {
    const event = await createEvent(database, {
      id: "summer",
      name: "여름 세일",
      stock: 100,
      coupons: [
        { kind: "percent", value: 50, count: 1 },
        { kind: "amount", value: 5000, count: null },
      ],
      timeZone: "asia/seoul",
      windowLengthMs: 3_000,
      windowsPerDay: 24,
    });
    expect(event).toMatchObject({
      id: "summer",
      name: "여름 세일",
      stock: 100,
      coupons: [
        { firstRank: 1, kind: "percent", value: 50 },
        { firstRank: 2, kind: "amount", value: 5000 },
      ],
      timeZone: "Asia/Seoul",
      windowLengthMs: 3_000,
      windowsPerDay: 24,
    });
  });

  test("gives every event a key of its own", async () => {
    const keys = await Promise.all(
      ["a", "b"].map(async (name) => (await createEvent(database, { name })).codeKey),
    );
    expect(keys.map((key) => key.byteLength)).toEqual([32, 32]);
    expect(keys[0]).not.toEqual(keys[1]);
  });

  test("makes a valid id of any name", async () => {
    for (const name of ["여름", "-", "x".repeat(200), `a ${"- ".repeat(90)}`]) {
      const { id } = await createEvent(database, { name });
      expect(id).toMatch(/^[a-z0-9][a-z0-9-]{0,56}-[0-9a-f]{6}$/);
    }
  });

  test("refuses an id that is taken", async () => {
    await createEvent(database, { id: "summer", name: "Summer" });
    await expectRefusal(
      () => createEvent(database, { id: "summer", name: "Other" }),
      "id_taken",
      /^there is an event with the id summer already/,
    );
  });

  test("tells of a failing database without the values it was given", async () => {
    await database.client.execute(
      "CREATE TRIGGER broken BEFORE INSERT ON events BEGIN SELECT raise(ABORT, 'disk on fire'); END",
    );
    const error = await createEvent(database, { name: "Summer" }).catch(String);
    expect(error).toContain("disk on fire");
    expect(error).not.toContain("Summer");
    expect(await revision()).toBe(0);
  });

  test.each([
    [{ name: " " }, "invalid_input", /name must have 1 to 200 characters/],
    [{ name: "x".repeat(201) }, "invalid_input", /name must have/],
    [{ name: "bell\u0007" }, "invalid_input", /none of them a control character/],
    [{ id: "Summer" }, "invalid_input", /the id "Summer" must have 1 to 64 lower-case/],
    [{ id: "-a" }, "invalid_input", /the id/],
    [{ id: "" }, "invalid_input", /the id/],
    [{ id: "a".repeat(65) }, "invalid_input", /the id/],
    [{ id: "a}b" }, "invalid_input", /the id/],
    [{ stock: 0 }, "invalid_input", /the stock must be a whole number from 1 to 10000000, not 0/],
    [{ stock: 10_000_001 }, "invalid_input", /the stock/],
    [{ stock: Number.NaN }, "invalid_input", /the stock/],
    [{ windowLengthMs: 0 }, "invalid_input", /the window length in ms/],
    [{ windowLengthMs: 86_400_001 }, "invalid_input", /the window length in ms/],
    [{ windowsPerDay: 0 }, "invalid_input", /the windows per day/],
    [{ timeZone: "Mars/Olympus" }, "unknown_time_zone", /unknown time zone "Mars\/Olympus"/],
    [{ coupons: [] }, "invalid_input", /number of coupon tiers/],
  ] as const)("refuses %j", async (changes, code, message) => {
    await expectRefusal(
      () => createEvent(database, { id: "summer", name: "Summer", ...changes }),
      code,
      message,
    );
  });
});

describe("addWindows", () => {
  test("adds them all and tells which they are", async () => {
    await createEvent(database, { id: "summer", name: "Summer" });
    const openings = [{ opensAtMs: NOW_MS + HOUR_MS, quota: 7 }, { opensAtMs: NOW_MS }];
    const added = await addWindows(database, "summer", openings, { nowMs: NOW_MS });
    expect(added).toEqual([
      { id: expect.any(Number), opensAtMs: NOW_MS, closesAtMs: NOW_MS + 60_000, quota: null },
      {
        id: expect.any(Number),
        opensAtMs: NOW_MS + HOUR_MS,
        closesAtMs: NOW_MS + HOUR_MS + 60_000,
        quota: 7,
      },
    ]);
    expect(await findEvent(database, "summer")).toMatchObject({ windows: added, revision: 2 });
  });

  test("adds none when one is refused", async () => {
    await createEvent(database, { id: "summer", name: "Summer" });
    await addWindows(database, "summer", [{ opensAtMs: NOW_MS + HOUR_MS }], { nowMs: NOW_MS });
    const openings = [{ opensAtMs: NOW_MS }, { opensAtMs: NOW_MS + HOUR_MS + 1 }];
    await expectRefusal(
      () => addWindows(database, "summer", openings, { nowMs: NOW_MS }),
      "window_overlap",
      /2026-12-01 10:00:00.001\+00:00 \(UTC\) overlaps the one at 2026-12-01 10:00:00\+00:00/,
    );
  });

  test("judges changes that are asked for at once one after another", async () => {
    await createEvent(database, { id: "summer", name: "Summer", windowsPerDay: 3 });
    const asked = Array.from({ length: 5 }, (_, hour) =>
      addWindows(database, "summer", [{ opensAtMs: NOW_MS + hour * HOUR_MS }], { nowMs: NOW_MS }),
    );
    const settled = await Promise.allSettled(asked);
    expect(settled.map((result) => result.status)).toEqual([
      "fulfilled",
      "fulfilled",
      "fulfilled",
      "rejected",
      "rejected",
    ]);
    expect((await findEvent(database, "summer"))?.windows).toHaveLength(3);
  });

  test("refuses an event that is not there or has ended", async () => {
    const add = () => addWindows(database, "summer", [{ opensAtMs: NOW_MS }], { nowMs: NOW_MS });
    await expectRefusal(add, "unknown_event", /^there is no event with the id summer/);
    await createEvent(database, { id: "summer", name: "Summer" });
    await endEvent(database, "summer");
    await expectRefusal(add, "event_ended", /^event summer has ended/);
  });
});

describe("running events", () => {
  test("each change is noted at the catalogue's new revision", async () => {
    const revisions: number[] = [];
    await createEvent(database, { id: "other", name: "Other" });
    revisions.push((await createEvent(database, { id: "summer", name: "Summer" })).revision);
    revisions.push((await pauseEvent(database, "summer")).revision);
    expect((await findEvent(database, "summer"))?.paused).toBe(true);
    revisions.push((await resumeEvent(database, "summer")).revision);
    expect((await findEvent(database, "summer"))?.paused).toBe(false);
    revisions.push((await restockEvent(database, "summer", 7)).revision);
    expect((await findEvent(database, "summer"))?.stock).toBe(7);
    revisions.push((await endEvent(database, "summer")).revision);
    expect((await findEvent(database, "summer"))?.ended).toBe(true);
    expect(revisions).toEqual([2, 3, 4, 5, 6]);
    expect(await revision()).toBe(6);
    expect(await findEvent(database, "other")).toMatchObject({
      revision: 1,
      paused: false,
      ended: false,
      stock: 100_000,
    });
  });

  test("the stock may go down to what is issued, and no further", async () => {
    await createEvent(database, { id: "other", name: "Other" });
    await createEvent(database, { id: "summer", name: "Summer", stock: 10 });
    await issue("other", 9);
    await issue("summer", 4);
    expect(await countIssued(database.orm, "summer")).toBe(4);
    expect((await restockEvent(database, "summer", 4)).stock).toBe(4);
    await expectRefusal(
      () => restockEvent(database, "summer", 3),
      "stock_below_issued",
      /^event summer has issued 4 coupons: its stock cannot be 3/,
    );
    await expectRefusal(() => restockEvent(database, "summer", 0), "invalid_input", /the stock/);
  });

  test("nothing changes an event that is not there or has ended", async () => {
    const changes = [
      () => pauseEvent(database, "summer"),
      () => resumeEvent(database, "summer"),
      () => endEvent(database, "summer"),
      () => restockEvent(database, "summer", 5),
    ];
    for (const change of changes) await expectRefusal(change, "unknown_event", /summer/);
    await createEvent(database, { id: "summer", name: "Summer" });
    await endEvent(database, "summer");
    for (const change of changes) await expectRefusal(change, "event_ended", /has ended/);
  });
});

test("events are listed in the order in which they were made, each with what is its own", async () => {
  expect(await listEvents(database)).toEqual([]);
  expect(await findEvent(database, "summer")).toBeUndefined();
  for (const id of ["b", "a"]) {
    await createEvent(database, { id, name: id });
    await addWindows(database, id, [{ opensAtMs: NOW_MS }], { nowMs: NOW_MS });
  }
  const events = await listEvents(database);
  expect(events.map((event) => event.id)).toEqual(["b", "a"]);
  for (const event of events) expect(await findEvent(database, event.id)).toEqual(event);
});

describe("removeWindows", () => {
  test("removes windows that have not begun, all that are named or none", async () => {
    await createEvent(database, { id: "summer", name: "Summer" });
    const openings = [1, 2, 3].map((hours) => ({ opensAtMs: NOW_MS + hours * HOUR_MS }));
    const [first, second, third] = await addWindows(database, "summer", openings, {
      nowMs: NOW_MS,
    });
    if (first === undefined || second === undefined || third === undefined) throw new Error("gone");
    const remove = (ids: readonly number[], nowMs: number) =>
      removeWindows(database, "summer", ids, { nowMs });
    const soon = first.opensAtMs - 4_000;
    await expectRefusal(() => remove([], NOW_MS), "invalid_input", /no window was named/);
    await expectRefusal(
      () => remove([third.id, third.id + 1], NOW_MS),
      "unknown_window",
      /^event summer has no window \d+$/,
    );
    await expectRefusal(() => remove([second.id, first.id], soon), "window_begun", /has begun/);
    expect(await remove([third.id, second.id], soon)).toEqual([second, third]);
    expect(await findEvent(database, "summer")).toMatchObject({ windows: [first], revision: 3 });
  });

  test("a preview says what would be added, and adds nothing", async () => {
    await createEvent(database, { id: "summer", name: "Summer", windowQuota: 9 });
    const openings = [{ opensAtMs: NOW_MS + HOUR_MS }];
    const preview = () => previewWindows(database, "summer", openings, { nowMs: NOW_MS });
    const planned = {
      opensAtMs: NOW_MS + HOUR_MS,
      closesAtMs: NOW_MS + HOUR_MS + 60_000,
      quota: 9,
    };
    expect(await preview()).toEqual([planned]);
    expect(await preview()).toEqual(
      await addWindows(database, "summer", openings, { nowMs: NOW_MS }).then((added) =>
        added.map(({ id: _, ...window }) => window),
      ),
    );
    await expectRefusal(preview, "window_overlap", /overlaps/);
  });
});

describe("cloneEvent", () => {
  test("takes stock, tiers and policy, but neither key nor windows", async () => {
    const source = await createEvent(database, {
      id: "summer",
      name: "Summer",
      stock: 10,
      coupons: [
        { kind: "percent", value: 50, count: 4 },
        { kind: "amount", value: 5, count: null },
      ],
      timeZone: "Asia/Seoul",
      windowsPerDay: 3,
      validForMs: 1_000,
      codePrefix: "SUN",
    });
    await addWindows(database, "summer", [{ opensAtMs: NOW_MS }], { nowMs: NOW_MS });
    await endEvent(database, "summer");
    const clone = await cloneEvent(database, "summer", { id: "autumn", name: "Autumn" }, "cli:kim");
    const { id: _, name: __, codeKey, revision: ___, ...same } = source;
    expect(clone).toMatchObject({
      ...same,
      id: "autumn",
      name: "Autumn",
      windows: [],
      ended: false,
    });
    expect(clone.codeKey).not.toEqual(codeKey);
    expect(await readAudit(database, "autumn", { limit: 1 })).toMatchObject([
      { actor: "cli:kim", action: "event.clone" },
    ]);
  });

  test("asks for what cannot be taken over", async () => {
    const short = { codePrefix: "SUN", codeLength: 8, validUntilMs: Date.now() + HOUR_MS };
    await createEvent(database, { id: "summer", name: "Summer", ...short });
    const clone = { name: "Autumn" };
    await expectRefusal(
      () => cloneEvent(database, "summer", clone),
      "code_taken",
      /another prefix/,
    );
    await database.client.execute("UPDATE events SET valid_until = 1");
    const other = { ...clone, codePrefix: "FALL" };
    await expectRefusal(() => cloneEvent(database, "summer", other), "invalid_input", /is over/);
    const made = await cloneEvent(database, "summer", { ...other, validUntilMs: null });
    expect(made).toMatchObject({ codePrefix: "FALL", codeLength: 8, validUntilMs: null });
  });
});
