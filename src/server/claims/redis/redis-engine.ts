/**
 * The redis engine: a Lua script decides each batch atomically and appends the grants to a stream,
 * from which the writer fills the ledger. Any number of processes and machines share one Redis.
 *
 * Redis may lose its last writes in a crash. The state of an event therefore names the Redis
 * instance (run id) for which it was last compared with the ledger; on another instance the script
 * decides nothing until the ledger's grants have been restored.
 */
import type { Database } from "../../database.ts";
import type { EventDefinition } from "../../events/event.ts";
import { readLedger } from "../../ledger/read.ts";
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
import { formatGrant, parseGrant } from "./grant-text.ts";
import { eventKeys } from "./keys.ts";
import restoreGrantsLua from "./restore-grants.lua" with { type: "text" };
import { runScript, script } from "./script.ts";

const claimBatch = script(claimBatchLua);
const defineEvent = script(defineEventLua);
const restoreGrants = script(restoreGrantsLua);

/** Grants restored by one call: a few milliseconds in which Redis serves nobody else. */
const RESTORE_BATCH = 1_000;
/** How often a claim prepares the event and tries again before it gives up. */
const MAX_PREPARES_PER_CLAIM = 2;

export class RedisEngine implements ClaimEngine {
  readonly kind = "redis";
  private readonly preparing = new Map<string, Promise<void>>();
  /** For each event what was last prepared, so that readers need not do it again. */
  private readonly prepared = new Map<string, { instance: string; revision: number }>();

  constructor(
    private readonly connection: RedisConnection,
    private readonly database: Database,
  ) {}

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
          [this.connection.instance, event.revision, ...memberIds],
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

  async check(): Promise<void> {
    await this.ask(() => this.connection.client.ping());
  }

  close(): Promise<void> {
    this.connection.close();
    return Promise.resolve();
  }

  /** Adds to Redis whatever the ledger holds and Redis lacks. Safe to repeat. */
  async restore(event: EventDefinition): Promise<void> {
    const { state, members } = eventKeys(event.id);
    for await (const page of readLedger(this.database, event.id)) {
      for (let start = 0; start < page.length; start += RESTORE_BATCH) {
        const batch = page.slice(start, start + RESTORE_BATCH);
        const pairs = batch.flatMap((grant) => [grant.memberId, formatGrant(grant)]);
        await this.ask(() =>
          runScript(this.connection.client, restoreGrants, [state, members], pairs),
        );
      }
    }
  }

  private async defineAndRestore(event: EventDefinition): Promise<void> {
    const { state, windows } = eventKeys(event.id);
    const instance = this.connection.instance;
    const restoredFor = await this.ask(() =>
      runScript(
        this.connection.client,
        defineEvent,
        [state, windows],
        [
          event.revision,
          event.stock,
          event.paused ? 1 : 0,
          event.ended ? 1 : 0,
          ...event.windows.flatMap((window) => [
            window.opensAtMs,
            `${window.id}:${window.closesAtMs}:${window.quota ?? -1}`,
          ]),
        ],
      ),
    );
    if (restoredFor !== instance) {
      await this.restore(event);
      await this.ask(() => this.connection.client.hset(state, "instance", instance));
    }
    this.prepared.set(event.id, { instance, revision: event.revision });
  }

  private async prepareOnce(event: EventDefinition): Promise<void> {
    const prepared = this.prepared.get(event.id);
    const current =
      prepared?.instance === this.connection.instance && prepared.revision >= event.revision;
    if (!current) await this.prepare(event);
  }

  /** Whatever goes wrong between here and Redis leaves open whether it was done. */
  private async ask<T>(call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (cause) {
      if (cause instanceof EngineUnavailableError) throw cause;
      throw new EngineUnavailableError("Redis did not answer", { cause });
    }
  }
}
