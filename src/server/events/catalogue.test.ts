import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eq } from "drizzle-orm";
import { users } from "../../../schema/tables.ts";
import { type Database, openDatabase } from "../database.ts";
import { addWindows, createEvent, endEvent, findEvent, pauseEvent } from "./administration.ts";
import { Catalogue } from "./catalogue.ts";
import { changeCatalogue } from "./change.ts";
import type { EventDefinition } from "./event.ts";

/** So long that no poll happens by itself: these tests refresh by hand. */
const NEVER_MS = 3_600_000;
const NOW_MS = Date.UTC(2026, 11, 1);

let folder: string;
let database: Database;
/** The administrator's own connection, as from another process. */
let administrator: Database;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "couponlive-catalogue-"));
  database = await openDatabase(join(folder, "test.db"));
  administrator = await openDatabase(join(folder, "test.db"));
});

afterEach(async () => {
  database.close();
  administrator.close();
  await rm(folder, { recursive: true });
});

async function found(id: string): Promise<EventDefinition> {
  const event = await findEvent(administrator, id);
  if (event === undefined) throw new Error(`no event ${id}`);
  return event;
}

test("holds what there was when it was opened", async () => {
  await createEvent(administrator, { id: "first", name: "First" });
  await addWindows(administrator, "first", [{ opensAtMs: NOW_MS }], { nowMs: NOW_MS });
  const catalogue = await Catalogue.open(database, { pollIntervalMs: NEVER_MS });
  expect(catalogue.get("first")).toEqual(await found("first"));
  expect(catalogue.list()).toHaveLength(1);
  expect(catalogue.get("second")).toBeUndefined();
  expect(catalogue.revision).toBe(2);
  await catalogue.close();
});

test("follows changes, and tells of each changed event once", async () => {
  const catalogue = await Catalogue.open(database, { pollIntervalMs: NEVER_MS });
  const heard: EventDefinition[] = [];
  catalogue.onChange((event) => {
    expect(catalogue.get(event.id)).toBe(event);
    heard.push(event);
  });
  await createEvent(administrator, { id: "first", name: "First" });
  await createEvent(administrator, { id: "second", name: "Second" });
  await catalogue.refresh();
  expect(heard.map((event) => event.id)).toEqual(["first", "second"]);
  const untouched = catalogue.get("first");

  heard.length = 0;
  await addWindows(administrator, "second", [{ opensAtMs: NOW_MS }], { nowMs: NOW_MS });
  await pauseEvent(administrator, "second");
  await catalogue.refresh();
  expect(heard).toEqual([await found("second")]);
  expect(heard[0]).toMatchObject({ paused: true, windows: [{ opensAtMs: NOW_MS }] });
  expect(catalogue.get("first")).toBe(untouched);

  heard.length = 0;
  await catalogue.refresh();
  expect(heard).toEqual([]);
  await catalogue.close();
});

test("two refreshes at once both see what was committed before them", async () => {
  const catalogue = await Catalogue.open(database, { pollIntervalMs: NEVER_MS });
  const early = catalogue.refresh();
  await createEvent(administrator, { id: "first", name: "First" });
  const late = catalogue.refresh();
  await Promise.all([early, late]);
  expect(catalogue.get("first")).toBeDefined();
  await catalogue.close();
});

test("knows the members who are switched off, once the revision has changed", async () => {
  const catalogue = await Catalogue.open(database, { pollIntervalMs: NEVER_MS });
  await administrator.orm.insert(users).values([
    { id: "on", createdAtMs: NOW_MS },
    { id: "off", active: false, createdAtMs: NOW_MS },
  ]);
  await changeCatalogue(administrator, async () => {});
  await catalogue.refresh();
  expect(["on", "off", "from elsewhere"].map((id) => catalogue.isActive(id))).toEqual([
    true,
    false,
    true,
  ]);
  await changeCatalogue(administrator, async (transaction) => {
    await transaction.update(users).set({ active: true }).where(eq(users.id, "off"));
  });
  await catalogue.refresh();
  expect(catalogue.isActive("off")).toBe(true);
  await catalogue.close();
});

test("polls by itself, and not after it was closed", async () => {
  const catalogue = await Catalogue.open(database, { pollIntervalMs: 1 });
  const heard = new Promise<EventDefinition>((resolve) => catalogue.onChange(resolve));
  await createEvent(administrator, { id: "first", name: "First" });
  expect((await heard).id).toBe("first");
  await catalogue.close();
  const refreshedAtMs = catalogue.lastRefreshedAtMs;
  await endEvent(administrator, "first");
  await catalogue.refresh();
  expect(catalogue.get("first")?.ended).toBe(false);
  expect(catalogue.lastRefreshedAtMs).toBe(refreshedAtMs);
});

test("a failing poll is reported, changes nothing, and the next one works again", async () => {
  await createEvent(administrator, { id: "first", name: "First" });
  const failure = Promise.withResolvers<unknown>();
  const catalogue = await Catalogue.open(database, { pollIntervalMs: 1, onError: failure.resolve });
  await administrator.client.execute("ALTER TABLE catalogue RENAME TO elsewhere");
  expect(String(await failure.promise)).toContain("catalogue");
  expect(catalogue.get("first")?.name).toBe("First");

  const heard = new Promise<EventDefinition>((resolve) => catalogue.onChange(resolve));
  await administrator.client.execute("ALTER TABLE elsewhere RENAME TO catalogue");
  await pauseEvent(administrator, "first");
  expect((await heard).paused).toBe(true);
  await catalogue.close();
});

test("a listener that throws is reported and does not keep the others from hearing", async () => {
  const errors: unknown[] = [];
  const catalogue = await Catalogue.open(database, {
    pollIntervalMs: NEVER_MS,
    onError: (error) => errors.push(error),
  });
  const heard: string[] = [];
  catalogue.onChange(() => {
    throw new Error("deaf");
  });
  catalogue.onChange((event) => heard.push(event.id));
  await createEvent(administrator, { id: "first", name: "First" });
  await catalogue.refresh();
  expect(heard).toEqual(["first"]);
  expect(errors.map(String)).toEqual(["Error: deaf"]);
  await catalogue.close();
});
