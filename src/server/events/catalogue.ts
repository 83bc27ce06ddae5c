/**
 * The events in memory, for the path that answers claims. It follows the SQL tables by polling the
 * one row that holds their revision, and reads only what changed since.
 */
import { eq, gt } from "drizzle-orm";
import { catalogue, events, users } from "../../../schema/tables.ts";
import type { Database } from "../database.ts";
import type { EventDefinition } from "./event.ts";
import { eventQueries, toDefinitions } from "./event-rows.ts";
import { ImportedCodeCache } from "./imported-codes.ts";

const DEFAULT_POLL_INTERVAL_MS = 500;

export interface CatalogueOptions {
  /** The pause between two polls: how far the catalogue may be behind. */
  readonly pollIntervalMs?: number;
  /** Told of a poll that failed, and of a listener that threw. Polling goes on. */
  readonly onError?: (error: unknown) => void;
}

export class Catalogue {
  readonly #database: Database;
  readonly #pollIntervalMs: number;
  readonly #onError: (error: unknown) => void;
  readonly #listeners: ((event: EventDefinition) => void)[] = [];
  readonly #codes: ImportedCodeCache;
  readonly #events = new Map<string, EventDefinition>();
  #inactiveMembers: ReadonlySet<string> = new Set();
  #revision = -1;
  #lastRefreshedAtMs = 0;
  #lastRefresh: Promise<void> = Promise.resolve();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #closed: boolean = false;

  private constructor(database: Database, options: CatalogueOptions) {
    this.#database = database;
    this.#codes = new ImportedCodeCache(database);
    this.#pollIntervalMs = options.pollIntervalMs ?? DEFAULT_POLL_INTERVAL_MS;
    this.#onError = options.onError ?? ((error) => console.error("the catalogue:", error));
  }

  /** Loads all events and begins to follow the database. @throws when the first load fails */
  static async open(database: Database, options: CatalogueOptions = {}): Promise<Catalogue> {
    const opened = new Catalogue(database, options);
    await opened.refresh();
    opened.#scheduleNextPoll();
    return opened;
  }

  /** The event as it was at the last refresh. */
  get(id: string): EventDefinition | undefined {
    return this.#events.get(id);
  }

  list(): EventDefinition[] {
    return [...this.#events.values()];
  }

  /**
   * False for a member whose account here is switched off. Members without an account are active.
   * Accounts are read again when the revision has grown, so switching one is a changeCatalogue.
   */
  isActive(memberId: string): boolean {
    return !this.#inactiveMembers.has(memberId);
  }

  /** The revision that the catalogue is at. */
  get revision(): number {
    return this.#revision;
  }

  /** When the database last answered, in ms since the epoch. */
  get lastRefreshedAtMs(): number {
    return this.#lastRefreshedAtMs;
  }

  /** The listener hears of every event that is new or has changed, after it is in the catalogue. */
  onChange(listener: (event: EventDefinition) => void): void {
    this.#listeners.push(listener);
  }

  /**
   * Brings the catalogue to at least what was committed before the call.
   *
   * @throws what the database throws; the catalogue then stays as it was
   */
  refresh(): Promise<void> {
    // One that is under way may have read before the commit, so this one comes after it.
    const refresh = this.#lastRefresh.then(() => this.#load());
    this.#lastRefresh = refresh.catch(() => undefined);
    return refresh;
  }

  /** Stops following; once it resolves, the database is no longer used. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#lastRefresh;
  }

  #scheduleNextPoll(): void {
    if (this.#closed) return;
    this.#timer = setTimeout(() => void this.#poll(), this.#pollIntervalMs);
    this.#timer.unref();
  }

  async #poll(): Promise<void> {
    try {
      await this.refresh();
    } catch (error) {
      this.#onError(error);
    }
    this.#scheduleNextPoll();
  }

  async #load(): Promise<void> {
    if (this.#closed) return;
    const { orm } = this.#database;
    const revisionQuery = orm.select({ revision: catalogue.revision }).from(catalogue);
    const [seen] = await revisionQuery;
    if (seen?.revision !== this.#revision) {
      // A batch is one transaction, so these rows belong together.
      const [[row], inactive, all, ...rows] = await orm.batch([
        revisionQuery,
        orm.select({ id: users.id }).from(users).where(eq(users.active, false)),
        orm.select({ id: events.id }).from(events),
        ...eventQueries(orm, gt(events.revision, this.#revision)),
      ]);
      if (row === undefined) throw new Error("the catalogue table has lost its row");
      const changed = await this.#codes.complete(toDefinitions(...rows));
      this.#revision = row.revision;
      this.#inactiveMembers = new Set(inactive.map((user) => user.id));
      this.#forgetAllBut(new Set(all.map((event) => event.id)));
      this.#replace(changed);
    }
    this.#lastRefreshedAtMs = Date.now();
  }

  /** Events that were deleted. */
  #forgetAllBut(ids: ReadonlySet<string>): void {
    for (const id of this.#events.keys()) {
      if (ids.has(id)) continue;
      this.#events.delete(id);
      this.#codes.forget(id);
    }
  }

  #replace(changed: readonly EventDefinition[]): void {
    for (const event of changed) this.#events.set(event.id, event);
    for (const event of changed) {
      for (const listener of this.#listeners) {
        try {
          listener(event);
        } catch (error) {
          this.#onError(error);
        }
      }
    }
  }
}
