/**
 * The writer moves decided issuances from the events' streams into the ledger: read, bulk insert,
 * commit, acknowledge and delete. It may die at any point; entries are then read again, and the
 * insert leaves alone what is already there.
 */
import { hostname } from "node:os";
import type { Logger } from "pino";
import { codeForRank } from "../claims/code.ts";
import type { RedisConnection } from "../claims/redis/connection.ts";
import { RedisEngine } from "../claims/redis/redis-engine.ts";
import { type Database, reconnectAfterFailure } from "../database.ts";
import type { EventDefinition } from "../events/event.ts";
import { type Fence, StaleEntriesError } from "./fence.ts";
import { insertMissing } from "./insert.ts";
import type { IssuanceRow } from "./issuance.ts";
import { EventStream, type StreamEntry } from "./stream.ts";

/** A transaction of this size takes some ten milliseconds, for which other writers wait. */
const MAX_ROWS_PER_INSERT = 5_000;

export interface WriterLimits {
  /** How soon a stream that just had entries is read again, and the slowest pace when it is idle. */
  readonly minPollIntervalMs: number;
  readonly maxPollIntervalMs: number;
  /** How often entries of dead writers are looked for, and how long they must have been idle. */
  readonly takeOverIntervalMs: number;
  readonly takeOverIdleMs: number;
  /** The pause after Redis or the ledger failed. */
  readonly retryDelayMs: number;
  /** How long a stopping writer tries to bring everything to the ledger. */
  readonly drainTimeoutMs: number;
}

export const DEFAULT_WRITER_LIMITS: WriterLimits = {
  minPollIntervalMs: 10,
  maxPollIntervalMs: 500,
  takeOverIntervalMs: 1_000,
  takeOverIdleMs: 5_000,
  retryDelayMs: 200,
  drainTimeoutMs: 30_000,
};

export interface WriterOptions {
  readonly connection: RedisConnection;
  readonly database: Database;
  /** The events whose streams are followed; asked anew at every turn. */
  readonly events: () => readonly EventDefinition[];
  readonly log: Logger;
  readonly limits?: WriterLimits;
  /** Counts what goes wrong. */
  readonly trouble?: LedgerTrouble;
}

/** What went wrong with the ledger since the process started. */
export interface LedgerTrouble {
  /** What was decided and contradicts the ledger. */
  contradictions: number;
  /** Attempts to fill the ledger that failed, and are repeated. */
  failures: number;
}

interface Follower {
  readonly stream: EventStream;
  pollIntervalMs: number;
  nextPollAtMs: number;
  nextTakeOverAtMs: number;
  /** After an error, entries already read may wait for this writer. */
  ownFirst: boolean;
  /** The ledger refuses what this Redis has decided until Redis is restored from it. */
  restoreFirst: boolean;
}

export class Writer {
  private readonly consumer = `${hostname()}-${process.pid}-${crypto.randomUUID().slice(0, 8)}`;
  private readonly followers = new Map<string, Follower>();
  /** What went wrong last, of each event whose last turn failed. */
  private readonly failures = new Map<string, string>();
  private readonly engine: RedisEngine;
  private readonly limits: WriterLimits;
  private readonly stopping = Promise.withResolvers<void>();
  private stopRequested = false;
  private running: Promise<void> | undefined;

  constructor(private readonly options: WriterOptions) {
    this.limits = options.limits ?? DEFAULT_WRITER_LIMITS;
    this.engine = new RedisEngine(options.connection, options.database);
  }

  start(): void {
    this.running ??= this.run();
  }

  /**
   * Brings what is in the streams to the ledger, and stops.
   *
   * @returns false when that took longer than `drainTimeoutMs`; the entries stay in Redis
   */
  async stop(): Promise<boolean> {
    this.stopRequested = true;
    this.stopping.resolve();
    await this.running;
    const deadlineMs = Date.now() + this.limits.drainTimeoutMs;
    for (const event of this.options.events()) {
      const follower = this.follow(event);
      while (await this.turn(event, follower)) {
        if (Date.now() >= deadlineMs) return false;
        if (follower.ownFirst) await Bun.sleep(this.limits.retryDelayMs);
      }
      await follower.stream.leave().catch((error: unknown) => {
        this.options.log.warn(
          { eventId: event.id, error: String(error) },
          "the writer left unheard",
        );
      });
    }
    return true;
  }

  private async run(): Promise<void> {
    while (!this.stopRequested) {
      for (const event of this.options.events()) {
        const follower = this.follow(event);
        if (Date.now() < follower.nextPollAtMs) continue;
        const busy = await this.turn(event, follower);
        follower.pollIntervalMs = busy
          ? this.limits.minPollIntervalMs
          : Math.min(follower.pollIntervalMs * 2, this.limits.maxPollIntervalMs);
        const pauseMs = follower.ownFirst ? this.limits.retryDelayMs : follower.pollIntervalMs;
        follower.nextPollAtMs = Date.now() + pauseMs;
      }
      await Promise.race([Bun.sleep(this.limits.minPollIntervalMs), this.stopping.promise]);
    }
  }

  private follow(event: EventDefinition): Follower {
    let follower = this.followers.get(event.id);
    if (follower === undefined) {
      follower = {
        stream: new EventStream(this.options.connection.client, event.id, this.consumer),
        pollIntervalMs: this.limits.minPollIntervalMs,
        nextPollAtMs: 0,
        nextTakeOverAtMs: 0,
        ownFirst: false,
        restoreFirst: false,
      };
      this.followers.set(event.id, follower);
    }
    return follower;
  }

  /** Moves what one read of the stream gives. Returns whether there may be more. */
  private async turn(event: EventDefinition, follower: Follower): Promise<boolean> {
    try {
      if (follower.restoreFirst) await this.engine.restore(event);
      follower.restoreFirst = false;
      const { instance } = this.options.connection;
      const entries = await this.nextEntries(follower);
      if (this.options.connection.instance !== instance) {
        throw new StaleEntriesError("Redis was replaced while it was read");
      }
      if (entries.length > 0) await this.write(event, follower.stream, entries, instance);
      this.noteSuccess(event);
      return entries.length > 0;
    } catch (error) {
      if (this.options.trouble !== undefined) this.options.trouble.failures++;
      this.noteFailure(event, String(error));
      follower.ownFirst = true;
      follower.restoreFirst ||= error instanceof StaleEntriesError;
      follower.stream.forgetGroup();
      return true;
    }
  }

  /** An outage that fails every event at every turn is worth one line, and one when it is over. */
  private noteFailure(event: EventDefinition, error: string): void {
    const known = this.failures.has(event.id) || [...this.failures.values()].includes(error);
    this.failures.set(event.id, error);
    if (!known) this.options.log.error({ eventId: event.id, error }, "the writer must retry");
  }

  private noteSuccess(event: EventDefinition): void {
    if (!this.failures.delete(event.id) || this.failures.size > 0) return;
    this.options.log.info("the writer goes on");
  }

  private async nextEntries(follower: Follower): Promise<StreamEntry[]> {
    if (follower.ownFirst) {
      const own = await follower.stream.readOwn();
      if (own.length > 0) return own;
      follower.ownFirst = false;
    }
    const nowMs = Date.now();
    if (nowMs >= follower.nextTakeOverAtMs) {
      const taken = await follower.stream.takeOver(this.limits.takeOverIdleMs);
      if (taken.length > 0) {
        this.options.log.warn({ entries: taken.length }, "taking over entries of another writer");
        return taken;
      }
      follower.nextTakeOverAtMs = nowMs + this.limits.takeOverIntervalMs;
    }
    return follower.stream.readNew();
  }

  private async write(
    event: EventDefinition,
    stream: EventStream,
    entries: readonly StreamEntry[],
    instance: string,
  ): Promise<void> {
    const rows = entries.flatMap((entry) =>
      (entry.grants ?? []).map((grant) => ({
        eventId: event.id,
        code: codeForRank(event, grant.rank),
        ...grant,
      })),
    );
    const refusedRanks = await this.insert(rows, { eventId: event.id, instance });
    for (const entry of entries) {
      const refused = entry.grants?.filter((grant) => refusedRanks.has(grant.rank));
      if (refused?.length === 0) continue;
      await stream.setAside(entry);
      if (this.options.trouble !== undefined) this.options.trouble.contradictions++;
      this.options.log.fatal(
        { eventId: event.id, entry: entry.id, ranks: refused?.map((grant) => grant.rank) },
        "the ledger contradicts Redis: the entry is kept in the event's contradictions",
      );
    }
    await stream.acknowledge(entries);
  }

  /** Returns the ranks that the ledger refuses. */
  private async insert(rows: readonly IssuanceRow[], fence: Fence): Promise<ReadonlySet<number>> {
    const { database } = this.options;
    const refusedRanks = new Set<number>();
    try {
      for (let start = 0; start < rows.length; start += MAX_ROWS_PER_INSERT) {
        const part = rows.slice(start, start + MAX_ROWS_PER_INSERT);
        for (const { rank } of await insertMissing(database.client, part, fence)) {
          refusedRanks.add(rank);
        }
      }
    } catch (error) {
      if (!(error instanceof StaleEntriesError)) await reconnectAfterFailure(database);
      throw error;
    }
    return refusedRanks;
  }
}
