/**
 * The writer moves decided issuances from the events' streams into the ledger: read, bulk insert,
 * commit, acknowledge and delete. It may die at any point; entries are then read again, and the
 * insert leaves alone what is already there.
 */
import { hostname } from "node:os";
import type { Logger } from "pino";
import { codeForRank } from "../claims/code.ts";
import type { RedisConnection } from "../claims/redis/connection.ts";
import type { Database } from "../database.ts";
import type { EventDefinition } from "../events/event.ts";
import { insertMissing } from "./insert.ts";
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
}

interface Follower {
  readonly stream: EventStream;
  pollIntervalMs: number;
  nextPollAtMs: number;
  nextTakeOverAtMs: number;
  /** After an error, entries already read may wait for this writer. */
  ownFirst: boolean;
}

export class Writer {
  private readonly consumer = `${hostname()}-${process.pid}-${crypto.randomUUID().slice(0, 8)}`;
  private readonly followers = new Map<string, Follower>();
  private readonly limits: WriterLimits;
  private readonly stopping = Promise.withResolvers<void>();
  private stopRequested = false;
  private running: Promise<void> | undefined;

  constructor(private readonly options: WriterOptions) {
    this.limits = options.limits ?? DEFAULT_WRITER_LIMITS;
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
      };
      this.followers.set(event.id, follower);
    }
    return follower;
  }

  /** Moves what one read of the stream gives. Returns whether there may be more. */
  private async turn(event: EventDefinition, follower: Follower): Promise<boolean> {
    try {
      const entries = await this.nextEntries(follower);
      if (entries.length === 0) return false;
      await this.write(event, follower.stream, entries);
    } catch (error) {
      this.options.log.error({ eventId: event.id, error: String(error) }, "the writer must retry");
      follower.ownFirst = true;
      follower.stream.forgetGroup();
    }
    return true;
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
  ): Promise<void> {
    const rows = entries.flatMap((entry) =>
      (entry.grants ?? []).map((grant) => ({
        eventId: event.id,
        code: codeForRank(event.codeKey, grant.rank),
        ...grant,
      })),
    );
    const refusedRanks = new Set<number>();
    for (let start = 0; start < rows.length; start += MAX_ROWS_PER_INSERT) {
      const part = rows.slice(start, start + MAX_ROWS_PER_INSERT);
      for (const { rank } of await insertMissing(this.options.database.client, part)) {
        refusedRanks.add(rank);
      }
    }
    for (const entry of entries) {
      const refused = entry.grants?.filter((grant) => refusedRanks.has(grant.rank));
      if (refused?.length === 0) continue;
      await stream.setAside(entry);
      this.options.log.fatal(
        { eventId: event.id, entry: entry.id, ranks: refused?.map((grant) => grant.rank) },
        "the ledger contradicts Redis: the entry is kept in the event's contradictions",
      );
    }
    await stream.acknowledge(entries);
  }
}
