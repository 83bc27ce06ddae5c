/**
 * The embedded engine: one process decides in memory and commits to the SQL file before it
 * answers. It needs no other service, loses nothing in a crash, and rebuilds itself from the file.
 */
import type { Database } from "../database.ts";
import { type EventDefinition, type EventWindow, lastIssuableRank } from "../events/event.ts";
import type { IssuanceRow } from "../ledger/issuance.ts";
import { oldestInOutboxAtMs, pageOutbox, readOutbox } from "../ledger/outbox.ts";
import { type LedgerGrant, readLedger } from "../ledger/read.ts";
import { codeForRank } from "./code.ts";
import type { Durability } from "./durability.ts";
import {
  type ClaimDecision,
  type ClaimEngine,
  type EngineStatus,
  EngineUnavailableError,
  type Grant,
} from "./engine.ts";
import { GroupCommit } from "./group-commit.ts";

/** A disk that is full stays so for a while: claims are refused meanwhile without reading it. */
const RECOVERY_PAUSE_MS = 500;

/** What the engine needs to make grants durable: all rows, or none and an error. */
export interface GrantStore {
  commit(rows: readonly IssuanceRow[]): Promise<void>;
  /** Resolves when it could commit. */
  ping(): Promise<void>;
  /** False when the ledger does not hold everything yet. */
  close(): Promise<boolean>;
}

/** An event in memory. Its grants are dense: their number is the last rank. */
interface EventState {
  definition: EventDefinition;
  readonly grants: Map<string, Grant>;
  readonly issuedByWindow: Map<number, number>;
}

export interface EmbeddedEngineOptions {
  readonly database: Database;
  readonly store: GrantStore;
  /** The process clock, in ms since the epoch: the only clock that judges windows. */
  readonly nowMs: () => number;
  /** Told whenever the ledger could not be written or read. */
  readonly onFailure: (error: unknown) => void;
}

export class EmbeddedEngine implements ClaimEngine {
  readonly kind = "embedded";
  private readonly states = new Map<string, EventState>();
  private readonly loading = new Map<string, Promise<void>>();
  private readonly commits: GroupCommit<IssuanceRow>;
  /** Runs for a while after a failure. */
  private recovery: Timer | undefined;

  constructor(private readonly options: EmbeddedEngineOptions) {
    this.commits = new GroupCommit(
      (rows) => options.store.commit(rows),
      (error) => this.forget(error),
    );
  }

  async prepare(event: EventDefinition): Promise<void> {
    await this.onState(event, () => undefined);
  }

  async claim(
    event: EventDefinition,
    memberIds: readonly string[],
  ): Promise<readonly ClaimDecision[]> {
    return await this.onState(event, async (state) => {
      const rows: IssuanceRow[] = [];
      const decisions = decide(state, memberIds, this.options.nowMs(), rows);
      // Repeats and refusals wait too: they may rest on grants that are not durable yet.
      await this.committed(this.commits.add(rows));
      return decisions;
    });
  }

  async find(event: EventDefinition, memberId: string): Promise<Grant | undefined> {
    return await this.onState(event, async ({ grants }) => {
      const grant = grants.get(memberId);
      await this.committed(this.commits.add([]));
      return grant;
    });
  }

  async status(event: EventDefinition): Promise<EngineStatus> {
    return await this.onState(event, ({ grants }) => ({
      issued: grants.size,
      nowMs: this.options.nowMs(),
    }));
  }

  oldestPendingAtMs(): Promise<number | null> {
    return oldestInOutboxAtMs(this.options.database);
  }

  durability(): Promise<Durability> {
    return Promise.resolve({ store: "file", mayLose: "nothing" });
  }

  undelivered(event: EventDefinition): AsyncIterable<readonly LedgerGrant[]> {
    return pageOutbox(this.options.database, event.id);
  }

  async check(): Promise<void> {
    this.requireRecovered();
    await this.committed(this.options.store.ping());
  }

  async close(): Promise<boolean> {
    clearTimeout(this.recovery);
    await this.commits.idle();
    return await this.options.store.close();
  }

  /** What memory holds beyond the file was answered to nobody: it is forgotten, and read again. */
  private forget(error: unknown): void {
    this.states.clear();
    this.pause(error);
  }

  /** Reading the file is work on the thread that serves, so failures are followed by a pause. */
  private pause(error: unknown): void {
    clearTimeout(this.recovery);
    this.recovery = setTimeout(() => {
      this.recovery = undefined;
    }, RECOVERY_PAUSE_MS);
    this.options.onFailure(error);
  }

  private requireRecovered(): void {
    if (this.recovery !== undefined) throw new EngineUnavailableError("the ledger has just failed");
  }

  /**
   * Loads the event where need be, and begins the work on its state in the same turn. What the work
   * does up to its first `await` sees a state that is whole: a failed commit may take it away at any
   * later turn, and to decide or answer on what was taken away would leave a gap, or deny a grant.
   */
  private async onState<T>(
    event: EventDefinition,
    work: (state: EventState) => T | Promise<T>,
  ): Promise<T> {
    // It would stay until the event's next change, and a rank without a code would be granted.
    if (event.codesImported && event.importedCodes === undefined) {
      throw new Error(`event ${event.id} came to the engine without the codes that it brought`);
    }
    let state = this.states.get(event.id);
    while (state === undefined) {
      await this.loadOnce(event);
      state = this.states.get(event.id);
    }
    if (event.revision > state.definition.revision) state.definition = event;
    return await work(state);
  }

  private async committed(commit: Promise<void>): Promise<void> {
    try {
      await commit;
    } catch (cause) {
      throw new EngineUnavailableError("the ledger could not commit", { cause });
    }
  }

  /** Reads the event's ledger into memory, once for all who wait for it. */
  private async loadOnce(event: EventDefinition): Promise<void> {
    this.requireRecovered();
    let loading = this.loading.get(event.id);
    if (loading === undefined) {
      loading = this.load(event).finally(() => this.loading.delete(event.id));
      this.loading.set(event.id, loading);
    }
    try {
      await loading;
    } catch (cause) {
      this.pause(cause);
      throw new EngineUnavailableError("the ledger could not be read", { cause });
    }
  }

  private async load(event: EventDefinition): Promise<void> {
    const grants = new Map<string, Grant>();
    const issuedByWindow = new Map<number, number>();
    const add = ({ memberId, rank, windowId, issuedAtMs }: LedgerGrant) => {
      if (grants.has(memberId)) return;
      grants.set(memberId, { rank, windowId, issuedAtMs });
      issuedByWindow.set(windowId, (issuedByWindow.get(windowId) ?? 0) + 1);
    };
    // The outbox first: what moves to the ledger meanwhile is then seen twice, never missed.
    const { database } = this.options;
    for (const grant of await readOutbox(database, event.id)) add(grant);
    for await (const page of readLedger(database, event.id)) page.forEach(add);
    this.states.set(event.id, { definition: event, grants, issuedByWindow });
  }
}

/** Decides a batch in memory, in its order, and adds the rows of new grants to `rows`. */
function decide(
  state: EventState,
  memberIds: readonly string[],
  nowMs: number,
  rows: IssuanceRow[],
): ClaimDecision[] {
  const { definition, grants, issuedByWindow } = state;
  const window = openWindow(definition.windows, nowMs);
  return memberIds.map((memberId) => {
    const earlier = grants.get(memberId);
    if (earlier !== undefined) return { outcome: "already_issued", grant: earlier };
    const refusal = refuse(state, window, nowMs);
    if (refusal !== undefined || window === undefined) return refusal ?? notOpen(definition, nowMs);
    const grant: Grant = { rank: grants.size + 1, windowId: window.id, issuedAtMs: nowMs };
    grants.set(memberId, grant);
    issuedByWindow.set(window.id, (issuedByWindow.get(window.id) ?? 0) + 1);
    rows.push({
      eventId: definition.id,
      memberId,
      code: codeForRank(definition, grant.rank),
      ...grant,
    });
    return { outcome: "issued", grant };
  });
}

/** Why a member without a grant is refused now; the same order as in claim-batch.lua. */
function refuse(
  state: EventState,
  window: EventWindow | undefined,
  nowMs: number,
): ClaimDecision | undefined {
  const { definition, grants, issuedByWindow } = state;
  if (definition.ended) return { outcome: "ended", decidedAtMs: nowMs };
  if (grants.size >= lastIssuableRank(definition)) {
    return { outcome: "sold_out", decidedAtMs: nowMs };
  }
  if (definition.paused) return { outcome: "paused", decidedAtMs: nowMs };
  if (window === undefined) return notOpen(definition, nowMs);
  if (window.quota !== null && (issuedByWindow.get(window.id) ?? 0) >= window.quota) {
    return { ...notOpen(definition, nowMs), outcome: "window_exhausted" };
  }
  return undefined;
}

function notOpen(definition: EventDefinition, nowMs: number) {
  const next = definition.windows.find((window) => window.opensAtMs > nowMs);
  return {
    outcome: "not_open",
    decidedAtMs: nowMs,
    opensAtMs: next?.opensAtMs ?? null,
  } as const;
}

function openWindow(windows: readonly EventWindow[], nowMs: number): EventWindow | undefined {
  return windows.find((window) => window.opensAtMs <= nowMs && nowMs < window.closesAtMs);
}
