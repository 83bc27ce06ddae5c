/** What the judge reads of an event: from its database, or over HTTP as an administrator. */
import type { Redis } from "ioredis";
import { z } from "zod";
import type { TokenConfig } from "../config.ts";
import { CliError, EXIT } from "../exit-codes.ts";
import type { Database } from "../server/database.ts";
import { countIssued, findEvent } from "../server/events/administration.ts";
import { lastIssuableRank } from "../server/events/event.ts";
import { type Check, outboxCheck } from "../server/ledger/findings.ts";
import { countOutbox } from "../server/ledger/outbox.ts";
import { type LedgerRow, MAX_PAGE_ROWS, readLedger } from "../server/ledger/read.ts";
import { checkLedger, type LedgerEvent, verifyEvent } from "../server/ledger/verify.ts";
import { createTokenKeys, signTokenSync } from "../server/members/tokens.ts";
import { askServer, refusedToken } from "./server-request.ts";

export interface RecordedEvent extends LedgerEvent {
  readonly id: string;
  readonly name: string;
  readonly paused: boolean;
  readonly ended: boolean;
  /** Grows with every change of the event. */
  readonly revision: number;
}

export interface Records {
  /** The event as it is now; undefined when there is none with this id. */
  event(): Promise<RecordedEvent | undefined>;
  /** The ledger in the order of ranks. */
  pages(): AsyncIterable<readonly LedgerRow[]>;
  /** Coupons in the ledger now. */
  countIssued(): Promise<number>;
  /**
   * Coupons in the outbox now, as the database says; undefined where only the server could tell.
   */
  countWaiting(): Promise<number | undefined>;
  /** What holds of the ledger itself, whatever the members were told. */
  verify(): Promise<readonly Check[]>;
}

/** Records in the server's own database, and in its Redis where it has one. */
export class DatabaseRecords implements Records {
  readonly #database: Database;
  readonly #eventId: string;
  readonly #redis: Redis | undefined;

  constructor(database: Database, eventId: string, redis: Redis | undefined) {
    this.#database = database;
    this.#eventId = eventId;
    this.#redis = redis;
  }

  async event() {
    const event = await findEvent(this.#database, this.#eventId);
    return event && { ...event, stock: lastIssuableRank(event) };
  }

  pages() {
    return readLedger(this.#database, this.#eventId);
  }

  async countIssued() {
    return await countIssued(this.#database.orm, this.#eventId);
  }

  async countWaiting() {
    return await countOutbox(this.#database, this.#eventId);
  }

  async verify() {
    const event = await findEvent(this.#database, this.#eventId);
    if (event === undefined) throw new Error(`the event ${this.#eventId} is gone`);
    return (await verifyEvent(this.#database, event, this.#redis)).checks;
  }
}

const TOKEN_LIFETIME_SECONDS = 300;
const REQUEST_TIMEOUT_MS = 30_000;

const moment = z.iso.datetime().transform((text) => Date.parse(text));

/** `GET /v1/admin/events/{id}/issuances`, as docs/http.md has it. */
const pageSchema = z.object({
  event: z.object({
    id: z.string(),
    name: z.string(),
    stock: z.int(),
    returned: z.int(),
    paused: z.boolean(),
    ended: z.boolean(),
    revision: z.int(),
    windows: z.array(
      z.object({ id: z.int(), opensAt: moment, closesAt: moment, quota: z.int().nullable() }),
    ),
  }),
  inLedger: z.int(),
  inOutbox: z.int(),
  issuances: z.array(
    z.object({
      memberId: z.string(),
      rank: z.int(),
      code: z.string(),
      windowId: z.int(),
      issuedAt: moment,
    }),
  ),
  nextAfterRank: z.int().nullable(),
});

type Page = z.infer<typeof pageSchema>;

/** Records behind a server of which only the secret of its tokens is known. */
export class HttpRecords implements Records {
  readonly #url: URL;
  readonly #eventId: string;
  readonly #tokens: TokenConfig;

  constructor(url: URL, eventId: string, tokens: TokenConfig) {
    this.#url = url;
    this.#eventId = eventId;
    this.#tokens = tokens;
  }

  async event() {
    const page = await this.#read(0, 1);
    return page === undefined ? undefined : toEvent(page);
  }

  async *pages() {
    for (let afterRank: number | null = Number.MIN_SAFE_INTEGER; afterRank !== null; ) {
      const page: Page = await this.#require(afterRank, MAX_PAGE_ROWS);
      yield page.issuances.map(({ issuedAt, ...row }) => ({ ...row, issuedAtMs: issuedAt }));
      afterRank = page.nextAfterRank;
    }
  }

  async countIssued() {
    return (await this.#require(0, 1)).inLedger;
  }

  async countWaiting() {
    return undefined;
  }

  async verify() {
    const page = await this.#require(0, 1);
    const { checks } = await checkLedger(this.pages(), toEvent(page));
    return [...checks, outboxCheck(page.inOutbox)];
  }

  async #require(afterRank: number, limit: number): Promise<Page> {
    const page = await this.#read(afterRank, limit);
    if (page === undefined) throw new Error(`the event ${this.#eventId} is gone`);
    return page;
  }

  /** @throws CliError when the server does not let an administrator read, or does not answer */
  async #read(afterRank: number, limit: number): Promise<Page | undefined> {
    const path = `/v1/admin/events/${encodeURIComponent(this.#eventId)}/issuances`;
    const url = new URL(`${path}?afterRank=${afterRank}&limit=${limit}`, this.#url);
    const token = signTokenSync(createTokenKeys(this.#tokens), {
      memberId: "simulator",
      role: "admin",
      lifetimeSeconds: TOKEN_LIFETIME_SECONDS,
    });
    const headers = { authorization: `Bearer ${token}` };
    const response = await askServer(url, REQUEST_TIMEOUT_MS, headers);
    if (response === undefined) {
      throw new CliError(
        `the server at ${this.#url.origin} does not answer, so its ledger cannot be read: is --url right, and is it up?`,
        EXIT.failed,
      );
    }
    if (response.status === 401) throw refusedToken(this.#url);
    const body: unknown = await response.json().catch(() => undefined);
    if (response.status === 404 && codeOf(body) === "unknown_event") return undefined;
    const page = pageSchema.safeParse(body);
    if (response.status === 200 && page.success) return page.data;
    throw new CliError(
      `the server at ${this.#url.origin} does not let its ledger be read (HTTP ${response.status}): name its database with --db`,
      EXIT.failed,
    );
  }
}

function toEvent({ event }: Page): RecordedEvent {
  return {
    ...event,
    stock: event.stock + event.returned,
    windows: event.windows.map(({ id, opensAt, closesAt, quota }) => ({
      id,
      opensAtMs: opensAt,
      closesAtMs: closesAt,
      quota,
    })),
  };
}

function codeOf(body: unknown): unknown {
  return typeof body === "object" && body !== null ? Reflect.get(body, "code") : undefined;
}
