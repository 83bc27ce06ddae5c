/** The event's stream in Redis as the writer's source: read, take over, acknowledge. */
import type { Redis } from "ioredis";
import { z } from "zod";
import { eventKeys } from "../claims/redis/keys.ts";
import type { LedgerGrant } from "./read.ts";

/** The consumer group that every writer joins. */
const GROUP = "ledger";
/** Entries read at once. Each holds one batch of the combiner: one to some hundred issuances. */
const ENTRIES_PER_READ = 256;
/** Entries read at once by who looks for something in them. */
const ENTRIES_PER_PAGE = 32;
/** Contradicting entries kept for inspection; the oldest go first. */
const MAX_CONTRADICTIONS = 10_000;

/** One entry: the grants of one batch. `grants` is undefined where the entry cannot be read. */
export interface StreamEntry {
  readonly id: string;
  readonly fields: readonly string[];
  readonly grants: readonly LedgerGrant[] | undefined;
}

const entriesSchema = z.array(z.tuple([z.string(), z.array(z.string()).nullable()]));
const readSchema = z.array(z.tuple([z.string(), entriesSchema])).nullable();
const autoclaimSchema = z.tuple([z.string(), entriesSchema]).rest(z.unknown());
const membersSchema = z.array(z.string());

export class EventStream {
  private readonly key: string;
  private readonly contradictions: string;
  private groupExists = false;

  constructor(
    private readonly redis: Redis,
    eventId: string,
    private readonly consumer: string,
  ) {
    this.key = eventKeys(eventId).stream;
    this.contradictions = eventKeys(eventId).contradictions;
  }

  /** Entries that no writer has read yet. */
  readNew(): Promise<StreamEntry[]> {
    return this.read(">");
  }

  /** Entries that this writer has read and not acknowledged. */
  readOwn(): Promise<StreamEntry[]> {
    return this.read("0");
  }

  /** Takes over entries that another writer read at least `idleMs` ago and never acknowledged. */
  async takeOver(idleMs: number): Promise<StreamEntry[]> {
    await this.ensureGroup();
    const reply = await this.redis.xautoclaim(
      this.key,
      GROUP,
      this.consumer,
      idleMs,
      "0",
      "COUNT",
      ENTRIES_PER_READ,
    );
    return decodeEntries(autoclaimSchema.parse(reply)[1]);
  }

  /** Acknowledges and deletes entries that the ledger now holds. */
  async acknowledge(entries: readonly StreamEntry[]): Promise<void> {
    const ids = entries.map((entry) => entry.id);
    const results = await this.redis
      .multi()
      .xack(this.key, GROUP, ...ids)
      .xdel(this.key, ...ids)
      .exec();
    for (const [error] of results ?? []) {
      if (error !== null) throw error;
    }
  }

  /** Keeps a copy of an entry that the ledger refuses, for whoever looks into it. */
  async setAside(entry: StreamEntry): Promise<void> {
    const limit = ["MAXLEN", "~", MAX_CONTRADICTIONS] as const;
    await this.redis.xadd(this.contradictions, ...limit, "*", ...entry.fields);
  }

  /** After an error: the group may be gone together with the stream. */
  forgetGroup(): void {
    this.groupExists = false;
  }

  /** Leaves the group. Only for a writer that has acknowledged all it read. */
  async leave(): Promise<void> {
    if (this.groupExists) await this.redis.xgroup("DELCONSUMER", this.key, GROUP, this.consumer);
  }

  private async read(from: ">" | "0"): Promise<StreamEntry[]> {
    await this.ensureGroup();
    const reply = await this.redis.xreadgroup(
      "GROUP",
      GROUP,
      this.consumer,
      "COUNT",
      ENTRIES_PER_READ,
      "STREAMS",
      this.key,
      from,
    );
    return (readSchema.parse(reply) ?? []).flatMap(([, entries]) => decodeEntries(entries));
  }

  private async ensureGroup(): Promise<void> {
    if (this.groupExists) return;
    try {
      await this.redis.xgroup("CREATE", this.key, GROUP, "0", "MKSTREAM");
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith("BUSYGROUP"))) throw error;
    }
    this.groupExists = true;
  }
}

/** What is in the stream of an event, a page at a time, the oldest first; nothing is taken from it. */
export async function* pageStream(
  redis: Redis,
  eventId: string,
): AsyncGenerator<readonly LedgerGrant[]> {
  const { stream } = eventKeys(eventId);
  let from = "-";
  for (;;) {
    const reply = await redis.xrange(stream, from, "+", "COUNT", ENTRIES_PER_PAGE);
    const entries = decodeEntries(entriesSchema.parse(reply));
    const end = entries.at(-1);
    if (end === undefined) return;
    yield entries.flatMap((entry) => entry.grants ?? []);
    from = `(${end.id}`;
  }
}

function decodeEntries(entries: z.infer<typeof entriesSchema>): StreamEntry[] {
  // An entry read earlier and deleted since comes without fields: its rows are in the ledger.
  return entries.map(([id, fields]) => ({
    id,
    fields: fields ?? [],
    grants: fields === null ? [] : decodeGrants(fields),
  }));
}

/** The grants of an entry as claim-batch.lua wrote it. */
function decodeGrants(fields: readonly string[]): LedgerGrant[] | undefined {
  const value = (name: string) => fields[fields.findIndex((f, i) => i % 2 === 0 && f === name) + 1];
  const [firstRank, windowId, issuedAtMs] = [value("r"), value("w"), value("t")].map(Number);
  const members = membersSchema.safeParse(parseJson(value("m") ?? ""));
  if (firstRank === undefined || windowId === undefined || issuedAtMs === undefined) return;
  if (!Number.isSafeInteger(firstRank + windowId + issuedAtMs) || !members.success) return;
  return members.data.map((memberId, position) => ({
    memberId,
    rank: firstRank + position,
    windowId,
    issuedAtMs,
  }));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
