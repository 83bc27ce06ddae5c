/** How many issuances are on their way into the ledger, for whoever watches a server. */
import { eq, max } from "drizzle-orm";
import { issuances } from "../../../schema/tables.ts";
import type { Dependencies } from "./dependencies.ts";

export interface Backlog {
  /** Issuances decided and not yet in the ledger, of all events. */
  readonly count: number;
  /** How long ago the oldest of them was decided; 0 when there is none. */
  readonly ageMs: number;
}

/** Asked of engine and ledger this often at the most, however many people look. */
const MAX_AGE_MS = 250;

type BacklogSource = Pick<Dependencies, "catalogue" | "engine" | "database" | "nowMs">;

export class WriterBacklog {
  private askedAtMs = Number.NEGATIVE_INFINITY;
  private answer: Promise<Backlog | null> = Promise.resolve(null);

  constructor(private readonly source: BacklogSource) {}

  /** What is on its way; null when that cannot be told. */
  async get(): Promise<Backlog | null> {
    const nowMs = this.source.nowMs();
    if (nowMs - this.askedAtMs >= MAX_AGE_MS) {
      this.askedAtMs = nowMs;
      this.answer = this.count(nowMs).catch(() => null);
    }
    return await this.answer;
  }

  /** Ranks are dense, so an event's last rank in the ledger is how many of its coupons are there. */
  private async count(nowMs: number): Promise<Backlog> {
    const { catalogue, engine, database } = this.source;
    const begun = catalogue
      .list()
      .filter((event) => !event.ended && event.windows.some((window) => window.opensAtMs <= nowMs));
    const backlogs = await Promise.all(
      begun.map(async (event) => {
        const [row] = await database.orm
          .select({ lastRank: max(issuances.rank) })
          .from(issuances)
          .where(eq(issuances.eventId, event.id));
        // The engine is asked later: what moves meanwhile is then counted, never below nothing.
        const status = await engine.status(event);
        return {
          count: Math.max(0, status.issued - (row?.lastRank ?? 0)),
          engineNowMs: status.nowMs,
        };
      }),
    );
    const oldestAtMs = await engine.oldestPendingAtMs(begun);
    const engineNowMs = Math.max(0, ...backlogs.map((each) => each.engineNowMs));
    return {
      count: backlogs.reduce((sum, each) => sum + each.count, 0),
      ageMs: oldestAtMs === null ? 0 : Math.max(0, engineNowMs - oldestAtMs),
    };
  }
}
