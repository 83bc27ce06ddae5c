/** Where events stand, asked of the engine a few times a second however many people look. */
import type { ClaimEngine, EngineStatus } from "../claims/engine.ts";
import type { EventDefinition } from "../events/event.ts";

const MAX_AGE_MS = 100;

interface Entry {
  readonly askedAtMs: number;
  readonly status: Promise<EngineStatus>;
}

export class StatusCache {
  private readonly entries = new Map<string, Entry>();

  constructor(
    private readonly engine: ClaimEngine,
    private readonly nowMs: () => number,
  ) {}

  /**
   * The engine's status of the event, with `nowMs` moved on by the status's age.
   *
   * @throws EngineUnavailableError as the engine does; a failure is not kept
   */
  async get(event: EventDefinition): Promise<EngineStatus> {
    const nowMs = this.nowMs();
    let entry = this.entries.get(event.id);
    if (entry === undefined || nowMs - entry.askedAtMs >= MAX_AGE_MS) {
      entry = { askedAtMs: nowMs, status: this.engine.status(event) };
      this.entries.set(event.id, entry);
    }
    try {
      const status = await entry.status;
      return { ...status, nowMs: status.nowMs + (this.nowMs() - entry.askedAtMs) };
    } catch (error) {
      this.entries.delete(event.id);
      throw error;
    }
  }
}
