/** Looks at the database, without making, migrating or changing it. */
import { existsSync } from "node:fs";
import { mkdtemp, open, rm, statfs } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type Client, createClient } from "@libsql/client";
import { migrations } from "../../schema/migrations.ts";
import type { DatabaseConfig } from "../config.ts";
import { openingFailure } from "../server/database-failure.ts";
import { type DatabaseLocation, locateDatabase } from "../server/database-location.ts";
import { type Finding, fail, ok, warn } from "./finding.ts";

const BUSY_TIMEOUT_MS = 2_000;
const BYTES_PER_MB = 1_000_000;
/** A million issuances take some 250 MB, the write-ahead log included. */
const WANTED_FREE_MB = 1_000;
const MIN_FREE_MB = 100;
const FLUSHES = 20;
const FLUSHED_BYTES = 4_096;
/** With the embedded engine every batch waits for one; a disk of today takes well under 5 ms. */
const MAX_FLUSH_MS = 5;

/** What the database says of the giveaways in it; nothing, where there is none yet. */
export interface Catalogue {
  readonly timeZones: readonly string[];
  /** The coupons of all events that have not ended. */
  readonly coupons: number;
  /** Whether a window is open now: then this is no time to measure. */
  readonly isOpen: boolean;
}

const NOTHING: Catalogue = { timeZones: [], coupons: 0, isOpen: false };

/** Whether it can be opened and written, its migrations, and its disk. */
export async function checkDatabase(
  config: DatabaseConfig,
): Promise<{ findings: Finding[]; catalogue: Catalogue }> {
  let location: DatabaseLocation;
  try {
    location = locateDatabase(config.db);
  } catch (error) {
    return { findings: [fail("database", messageOf(error), "see --db")], catalogue: NOTHING };
  }
  const disk = location.path === undefined ? [] : await checkDisk(dirname(location.path));
  if (location.path !== undefined && !existsSync(location.path)) {
    const isWritable = disk.every(({ status }) => status !== "fail");
    const there = isWritable ? [ok("database", `${location.label} is not there yet`)] : [];
    return { findings: [...there, ...disk], catalogue: NOTHING };
  }
  const { findings, catalogue } = await checkContents(location, config.dbToken);
  return { findings: [...findings, ...disk], catalogue };
}

async function checkContents(
  location: DatabaseLocation,
  authToken: string | undefined,
): Promise<{ findings: Finding[]; catalogue: Catalogue }> {
  let client: Client | undefined;
  try {
    client = createClient({
      url: location.url,
      timeout: BUSY_TIMEOUT_MS,
      ...(authToken === undefined ? {} : { authToken }),
    });
    const schema = await checkMigrations(client, location);
    if (schema.status === "fail") return { findings: [schema], catalogue: NOTHING };
    // Takes the write lock, and gives it back without having written.
    (await client.transaction("write")).close();
    const writable = ok("database", `${location.label} can be read and written`);
    return { findings: [writable, schema], catalogue: await readCatalogue(client) };
  } catch (error) {
    const [says = "", advice = "see --db"] = openingFailure(error, location).message.split(
      /: (.*)/s,
    );
    return { findings: [fail("database", says, advice)], catalogue: NOTHING };
  } finally {
    client?.close();
  }
}

async function checkMigrations(client: Client, { label }: DatabaseLocation): Promise<Finding> {
  const tables = await client.execute(
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'",
  );
  if (tables.rows.length === 0) return ok("migrations", "all will be applied by the first start");
  if (!tables.rows.some((row) => row["name"] === "schema_migrations")) {
    return fail("database", `${label} belongs to another program`, "name another --db");
  }
  const rows = (await client.execute("SELECT name FROM schema_migrations")).rows;
  const applied = rows.map((row) => String(row["name"]));
  const known = migrations.map(({ name }) => name);
  const unknown = applied.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    const says = `a newer couponlive wrote it (it has ${unknown})`;
    return fail("migrations", says, "use that version");
  }
  const missing = known.length - applied.length;
  const says = `${applied.length} of ${known.length} are applied`;
  return ok("migrations", missing === 0 ? says : `${says}; the next start applies the others`);
}

/** Asks only columns that the first migration has: later ones may be missing. */
async function readCatalogue(client: Client): Promise<Catalogue> {
  const [events, windows] = await client
    .batch(
      [
        "SELECT time_zone, stock FROM events WHERE NOT ended",
        {
          sql: `SELECT 1 FROM windows JOIN events ON events.id = event_id
            WHERE NOT ended AND opens_at <= ?1 AND ?1 < closes_at LIMIT 1`,
          args: [Date.now()],
        },
      ],
      "read",
    )
    .catch(() => []);
  return {
    timeZones: [...new Set(events?.rows.map((row) => String(row["time_zone"])))],
    coupons: events?.rows.reduce((sum, row) => sum + Number(row["stock"]), 0) ?? 0,
    isOpen: (windows?.rows.length ?? 0) > 0,
  };
}

/** Free space, and how long a flush takes, by a file that is removed again. */
async function checkDisk(folder: string): Promise<Finding[]> {
  if (!existsSync(folder)) {
    return [fail("database", `the folder ${folder} does not exist`, "make it, or see --db")];
  }
  const { bavail, bsize } = await statfs(folder);
  const freeMb = Math.floor((bavail * bsize) / BYTES_PER_MB);
  return [freeSpace(freeMb), await checkFlush(folder)];
}

function freeSpace(freeMb: number): Finding {
  const says = `${freeMb} MB free`;
  const advice = "a million coupons take some 250 MB: make room";
  if (freeMb < MIN_FREE_MB) return fail("disk", says, advice);
  return freeMb < WANTED_FREE_MB ? warn("disk", says, advice) : ok("disk", says);
}

async function checkFlush(folder: string): Promise<Finding> {
  let work: string;
  try {
    work = await mkdtemp(join(folder, ".couponlive-doctor-"));
  } catch (error) {
    const advice = "the database needs it: give this user the right, or see --db";
    return fail("disk flush", `${folder} cannot be written (${messageOf(error)})`, advice);
  }
  try {
    const medianMs = await timeFlushes(join(work, "flush"));
    const says = `${medianMs.toFixed(2)} ms for ${FLUSHED_BYTES / 1_024} KiB (median of ${FLUSHES})`;
    const advice = "the embedded engine waits for one in every batch: take a faster disk, or Redis";
    return medianMs > MAX_FLUSH_MS ? warn("disk flush", says, advice) : ok("disk flush", says);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function timeFlushes(path: string): Promise<number> {
  const file = await open(path, "w");
  try {
    const bytes = Buffer.alloc(FLUSHED_BYTES, 1);
    const times: number[] = [];
    for (let flush = 0; flush < FLUSHES; flush++) {
      await file.write(bytes);
      const startedMs = performance.now();
      await file.datasync();
      times.push(performance.now() - startedMs);
    }
    return times.toSorted((a, b) => a - b)[FLUSHES / 2] ?? Number.NaN;
  } finally {
    await file.close();
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
