/**
 * The redis engine: a Lua script decides each batch atomically and appends the grants to a stream,
 * from which the writer fills the ledger. Any number of processes and machines share one Redis.
 *
 * Redis may lose its last writes in a crash. The state of an event therefore names the Redis
 * instance (run id) for which it was last compared with the ledger; on another instance the script
 * decides nothing until the ledger's grants have been restored (docs/decisions/redis-restore.md).
 */
import type { Redis } from "ioredis";
import type { Database } from "../../database.ts";
import { type EventDefinition, lastIssuableRank } from "../../events/event.ts";
import { raiseFence } from "../../ledger/fence.ts";
import { type LedgerGrant, readLedger } from "../../ledger/read.ts";
import { pageStream } from "../../ledger/stream.ts";
import type { Durability } from "../durability.ts";
import {
  type ClaimDecision,
  type ClaimEngine,
  type EngineStatus,
  EngineUnavailableError,
  type Grant,
} from "../engine.ts";
import claimBatchLua from "./claim-batch.lua" with { type: "text" };
import { readReply } from "./claim-reply.ts";
import type { RedisConnection } from "./connection.ts";
import defineEventLua from "./define-event.lua" with { type: "text" };
import { readDurability } from "./durability.ts";
import { fingerprint, isForeignEvent } from "./fingerprint.ts";
import { formatGrant, parseGrant } from "./grant-text.ts";
import { eventKeys } from "./keys.ts";
import recountGrantsLua from "./recount-grants.lua" with { type: "text" };
import restoreGrantsLua from "./restore-grants.lua" with { type: "text" };
import { runScript, script } from "./script.ts";

const claimBatch = script(claimBatchLua);
const defineEvent = script(defineEventLua);
const restoreGrants = script(restoreGrantsLua);
const recountGrants = script(recountGrantsLua);

/** Grants restored by one call: a few milliseconds in which Redis serves nobody else. */
const RESTORE_BATCH = 1_000;
const LEDGER_FAILED = "the ledger could not be read for Redis";
/** How often a claim prepares the event and tries again before it gives up. */
const MAX_PREPARES_PER_CLAIM = 2;

export class RedisEngine implements ClaimEngine {
  readonly kind = "redis";
  private readonly preparing = new Map<string, Promise<void>>();
  /** For each event what was last prepared, so that readers need not do it again. */
  private readonly prepared = new Map<string, { instance: string; revision: number }>();
  private readonly foreign = new Set<string>();

  constructor(
    private readonly connection: RedisConnection,
    private readonly database: Database,
    /** Told once of each event that another database decides in this Redis. */
    private readonly onForeignEvent: (error: EngineUnavailableError) => void = () => undefined,
  ) {}

  get redis(): Redis {
    return this.connection.client;
  }

  prepare(event: EventDefinition): Promise<void> {
    const key = `${event.id} ${event.revision}`;
    let running = this.preparing.get(key);
    if (running === undefined) {
      running = this.defineAndRestore(event).finally(() => this.preparing.delete(key));
      this.preparing.set(key, running);
    }
    return running;
  }

  async claim(
    event: EventDefinition,
    memberIds: readonly string[],
  ): Promise<readonly ClaimDecision[]> {
    const keys = eventKeys(event.id);
    for (let prepares = 0; prepares <= MAX_PREPARES_PER_CLAIM; prepares++) {
      const reply = await this.ask(() =>
        runScript(
          this.connection.client,
          claimBatch,
          [keys.state, keys.members, keys.windows, keys.stream],
          [this.connection.instance, event.revision, fingerprint(event), ...memberIds],
        ),
      );
      const decisions = readReply(reply, memberIds.length);
      if (decisions !== undefined) return decisions;
      await this.prepare(event);
    }
    throw new EngineUnavailableError("Redis changes faster than the event can be restored");
  }

  async find(event: EventDefinition, memberId: string): Promise<Grant | undefined> {
    await this.prepareOnce(event);
    const text = await this.ask(() =>
      this.connection.client.hget(eventKeys(event.id).members, memberId),
    );
    return text === null ? undefined : parseGrant(text);
  }

  async status(event: EventDefinition): Promise<EngineStatus> {
    await this.prepareOnce(event);
    const { client } = this.connection;
    const [issued, [seconds, microseconds]] = await this.ask(() =>
      Promise.all([client.hget(eventKeys(event.id).state, "issued"), client.time()]),
    );
    const nowMs = Number(seconds) * 1_000 + Math.floor(Number(microseconds) / 1_000);
    return { issued: Number(issued), nowMs };
  }

  async oldestPendingAtMs(events: readonly EventDefinition[]): Promise<number | null> {
    const { client } = this.connection;
    const oldest = await this.ask(() =>
      Promise.all(events.map((event) => oldestEntryAtMs(client, event.id))),
    );
    const known = oldest.filter((atMs) => atMs !== undefined);
    return known.length === 0 ? null : Math.min(...known);
  }

  durability(): Promise<Durability> {
    return this.ask(() => readDurability(this.connection.client));
  }

  async *undelivered(event: EventDefinition): AsyncGenerator<readonly LedgerGrant[]> {
    const pages = pageStream(this.connection.client, event.id);
    for (;;) {
      const page = await this.ask(() => pages.next());
      if (page.done === true) return;
      yield page.value;
    }
  }

  async check(): Promise<void> {
    await this.ask(() => this.connection.check());
  }

  close(): Promise<boolean> {
    this.connection.close();
    return Promise.resolve(true);
  }

  /**
   * Adds to Redis whatever the ledger holds and Redis lacks, whatever instance it was last restored
   * for. Safe to repeat, in several processes at once.
   */
  async restore(event: EventDefinition): Promise<void> {
    const { instance } = this.connection;
    await this.define(event);
    await this.ask(() => this.restoreFor(event, instance), LEDGER_FAILED);
  }

  /** Has the event restored at its first claim or look-up, whoever asks. */
  async restoreLater(event: EventDefinition): Promise<void> {
    await this.ask(() => this.connection.client.hdel(eventKeys(event.id).state, "instance"));
  }

  private async defineAndRestore(event: EventDefinition): Promise<void> {
    const { instance } = this.connection;
    const restoredFor = await this.define(event);
    if (restoredFor !== instance) {
      await this.ask(() => this.restoreFor(event, instance), LEDGER_FAILED);
    }
    this.prepared.set(event.id, { instance, revision: event.revision });
  }

  /** Returns the instance for which the event was last restored. */
  private async define(event: EventDefinition): Promise<unknown> {
    const { state, members, windows, stream } = eventKeys(event.id);
    const keys = [state, members, windows, stream];
    const args = [
      event.revision,
      lastIssuableRank(event),
      event.paused ? 1 : 0,
      event.ended ? 1 : 0,
      fingerprint(event),
      ...event.windows.flatMap((window) => [
        window.opensAtMs,
        `${window.id}:${window.closesAtMs}:${window.quota ?? -1}`,
      ]),
    ];
    try {
      return await this.ask(() => runScript(this.connection.client, defineEvent, keys, args));
    } catch (error) {
      const isForeign = error instanceof EngineUnavailableError && isForeignEvent(error.cause);
      throw isForeign ? this.refuseForeign(event) : error;
    }
  }

  /** The order is what matters: the fence, then the ledger, then claims (see the decision). */
  private async restoreFor(event: EventDefinition, instance: string): Promise<void> {
    const { client } = this.connection;
    const { state, members, stream } = eventKeys(event.id);
    await raiseFence(this.database, { eventId: event.id, instance });
    for await (const page of readLedger(this.database, event.id)) {
      for (let start = 0; start < page.length; start += RESTORE_BATCH) {
        const batch = page.slice(start, start + RESTORE_BATCH);
        const pairs = batch.flatMap((grant) => [grant.memberId, formatGrant(grant)]);
        await this.ask(() => runScript(client, restoreGrants, [members], pairs));
      }
    }
    if (this.connection.instance !== instance) {
      throw new EngineUnavailableError("Redis was replaced while it was restored");
    }
    await this.ask(() => runScript(client, recountGrants, [state, members, stream], [instance]));
  }

  private refuseForeign(event: EventDefinition): EngineUnavailableError {
    const error = new EngineUnavailableError(
      `another database has an event ${event.id} in this Redis: give each database a Redis of its own, or the event another id`,
    );
    if (!this.foreign.has(event.id)) this.onForeignEvent(error);
    this.foreign.add(event.id);
    return error;
  }

  private async prepareOnce(event: EventDefinition): Promise<void> {
    const prepared = this.prepared.get(event.id);
    const current =
      prepared?.instance === this.connection.instance && prepared.revision >= event.revision;
    if (!current) await this.prepare(event);
  }

  /** Whatever goes wrong between here and Redis leaves open whether it was done. */
  private async ask<T>(call: () => Promise<T>, failure = "Redis did not answer"): Promise<T> {
    try {
      return await call();
    } catch (cause) {
      if (cause instanceof EngineUnavailableError) throw cause;
      throw new EngineUnavailableError(failure, { cause });
    }
  }
}

/** When the oldest batch was decided that is still in the event's stream; its id begins with that. */
async function oldestEntryAtMs(client: Redis, eventId: string): Promise<number | undefined> {
  const [entry] = await client.xrange(eventKeys(eventId).stream, "-", "+", "COUNT", 1);
  return entry === undefined ? undefined : Number.parseInt(entry[0], 10);
}
