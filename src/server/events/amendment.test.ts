import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { issuances } from "../../../schema/tables.ts";
import { type TemporaryDirectory, temporaryDirectory } from "../../../test/support/temp.ts";
import { readAudit } from "../audit.ts";
import { type Database, openDatabase } from "../database.ts";
import { addWindows, createEvent, endEvent } from "./administration.ts";
import { type Amendment, amendEvent } from "./amendment.ts";
import { EventError } from "./event-error.ts";

const NOW_MS = Date.UTC(2099, 11, 1, 9);
const HOUR_MS = 3_600_000;
/** A minute after the only window has closed. */
const AFTER_MS = NOW_MS + HOUR_MS + 120_000;

let folder: TemporaryDirectory;
let database: Database;
beforeEach(async () => {
  folder = temporaryDirectory();
  database = await openDatabase(join(folder.path, "test.db"));
  const coupons = [
    { kind: "percent", value: 50, count: 2 },
    { kind: "amount", value: 5_000, count: null },
  ] as const;
  const validity = { validForMs: HOUR_MS, validUntilMs: NOW_MS + 9 * HOUR_MS };
  await createEvent(database, { id: "summer", name: "Summer", stock: 10, coupons, ...validity });
  await addWindows(database, "summer", [{ opensAtMs: NOW_MS + HOUR_MS }], { nowMs: NOW_MS });
});
afterEach(() => {
  database.close();
  folder.remove();
});

async function amend(amendment: Amendment, nowMs = NOW_MS) {
  return await amendEvent(database, "summer", amendment, { nowMs, actor: "cli:kim" });
}

async function refusal(amendment: Amendment, nowMs = NOW_MS): Promise<string> {
  return await amend(amendment, nowMs).then(
    () => "done",
    (error: unknown) => (error instanceof EventError ? error.code : String(error)),
  );
}

test("everything may change before the first window, and the audit says by whom", async () => {
  const changes = {
    name: "Summer!",
    windowLengthMs: 1_000,
    windowsPerDay: 20,
    windowQuota: 5,
    codePrefix: "sun",
    codeLength: 8,
    validForMs: 60_000,
    validUntilMs: null,
  };
  const coupons = [{ kind: "percent", value: 20, count: null }] as const;
  expect(await amend({ ...changes, coupons })).toMatchObject({
    ...changes,
    codePrefix: "SUN",
    coupons: [{ firstRank: 1, kind: "percent", value: 20 }],
    windows: [{ closesAtMs: NOW_MS + HOUR_MS + 60_000, quota: null }],
  });
  const [entry] = await readAudit(database, "summer", { limit: 1 });
  expect(entry).toMatchObject({ actor: "cli:kim", action: "event.update", atMs: NOW_MS });
  expect(JSON.parse(entry?.details ?? "")).toEqual({ ...changes, codePrefix: "SUN", coupons });
  const next = [
    { opensAtMs: NOW_MS + 2 * HOUR_MS },
    { opensAtMs: NOW_MS + 3 * HOUR_MS, quota: null },
  ];
  const added = await addWindows(database, "summer", next, { nowMs: NOW_MS });
  expect(added.map((window) => window.quota)).toEqual([5, null]);
});

describe("once the first window has begun", () => {
  test.each([
    [{ codePrefix: "SUN" }, "setting_fixed"],
    [{ codeLength: 20 }, "setting_fixed"],
    [{ codePrefix: "" }, "done"],
    [{ validForMs: HOUR_MS - 1 }, "setting_fixed"],
    [{ validForMs: null }, "done"],
    [{ validUntilMs: NOW_MS + 8 * HOUR_MS }, "setting_fixed"],
    [{ validUntilMs: NOW_MS + 10 * HOUR_MS }, "done"],
    [{ name: "Other", windowsPerDay: 1, windowQuota: 1 }, "done"],
  ] as const)("%j: %s", async (amendment, outcome) => {
    expect(await refusal(amendment, NOW_MS + HOUR_MS - 4_000)).toBe(outcome);
  });
});

describe("tiers", () => {
  const shares = (value: number) =>
    [
      { kind: "percent", value: 50, count: 2 },
      { kind: "amount", value, count: null },
    ] as const;

  test("stay while a window is open or near, and change between windows", async () => {
    const opensAtMs = NOW_MS + HOUR_MS;
    for (const nowMs of [opensAtMs - 4_000, opensAtMs, opensAtMs + 64_000]) {
      expect(await refusal({ coupons: shares(1) }, nowMs)).toBe("setting_fixed");
    }
    expect(await refusal({ coupons: shares(1) }, AFTER_MS)).toBe("done");
  });

  test("stay for the ranks that are issued", async () => {
    const row = { eventId: "summer", windowId: 1, issuedAtMs: NOW_MS + HOUR_MS };
    for (const rank of [1, 2, 3]) {
      await database.orm
        .insert(issuances)
        .values({ ...row, rank, userId: `m${rank}`, code: `${rank}` });
    }
    expect(await refusal({ coupons: shares(1) }, AFTER_MS)).toBe("setting_fixed");
    const later = [
      { kind: "percent", value: 50, count: 2 },
      { kind: "amount", value: 5_000, count: 1 },
      { kind: "amount", value: 1, count: null },
    ] as const;
    expect(await amend({ coupons: later }, AFTER_MS)).toMatchObject({
      coupons: [{ firstRank: 1 }, { firstRank: 3 }, { firstRank: 4, kind: "amount", value: 1 }],
    });
  });
});

test.each([
  [{}, "invalid_input"],
  [{ name: " " }, "invalid_input"],
  [{ codePrefix: "a-b" }, "invalid_input"],
  [{ codePrefix: "x".repeat(13) }, "invalid_input"],
  [{ codeLength: 7 }, "invalid_input"],
  [{ codeLength: 25 }, "invalid_input"],
  [{ codeLength: 15 }, "invalid_input"],
  [{ windowQuota: 0 }, "invalid_input"],
  [{ validForMs: 0 }, "invalid_input"],
  [{ validUntilMs: NOW_MS }, "invalid_input"],
  [{ coupons: [{ kind: "percent", value: 10, count: 11 }] }, "invalid_input"],
] as const)("refuses %j: %s", async (amendment, code) => {
  expect(await refusal(amendment)).toBe(code);
});

test("two events with short codes have prefixes of their own", async () => {
  const may = { codePrefix: "MAY", codeLength: 8 };
  await createEvent(database, { id: "may", name: "May", ...may });
  expect(await refusal(may)).toBe("code_taken");
  expect(await refusal({ ...may, codeLength: 9 })).toBe("done");
  await expect(createEvent(database, { name: "Again", ...may })).rejects.toThrow(
    "event may has codes",
  );
});

test("an event that has ended, or is not there, is not changed", async () => {
  await endEvent(database, "summer");
  expect(await refusal({ name: "Other" })).toBe("event_ended");
  const unknown = amendEvent(database, "nowhere", { name: "Other" }, { nowMs: NOW_MS });
  await expect(unknown).rejects.toThrow("there is no event with the id nowhere");
});
