/**
 * The proof after the giveaway: checks the invariants of design.md on the ledger as SQL holds it,
 * and on Redis where there is one. Reads only; may run beside a server.
 */
import type { Redis } from "ioredis";
import { type CodeSource, codeForRank } from "../claims/code.ts";
import { formatGrant } from "../claims/redis/grant-text.ts";
import { eventKeys } from "../claims/redis/keys.ts";
import type { Database } from "../database.ts";
import { type EventDefinition, type EventWindow, lastIssuableRank } from "../events/event.ts";
import { withImportedCodes } from "../events/imported-codes.ts";
import { acceptanceCheck, type Check, Findings, outboxCheck } from "./findings.ts";
import { countOutbox, countRefused } from "./outbox.ts";
import { type LedgerRow, readLedger } from "./read.ts";

/** Members fetched from Redis in one step of its scan. */
const SCAN_COUNT = 1_000;

export interface Verification {
  readonly ok: boolean;
  readonly issued: number;
  readonly checks: readonly Check[];
}

/**
 * Checks one event. With a Redis the engine's state is compared too; its writer must have drained.
 *
 * @param redis the Redis that decided the claims, where one did
 */
export async function verifyEvent(
  database: Database,
  event: EventDefinition,
  redis?: Redis,
): Promise<Verification> {
  const ledger = await checkLedger(readLedger(database, event.id), {
    stock: lastIssuableRank(event),
    windows: event.windows,
    codes: await withImportedCodes(database, event),
  });
  const inOutbox = await countOutbox(database, event.id);
  const refused = await countRefused(database, event.id);
  const checks = [...ledger.checks, outboxCheck(inOutbox - refused), acceptanceCheck(refused)];
  if (redis !== undefined) checks.push(...(await checkRedis(redis, event, ledger.grantByMember)));
  return { ok: checks.every((check) => check.ok), issued: ledger.issued, checks };
}

/** What a ledger is held against. */
export interface LedgerEvent {
  /** The last rank that may be issued (lastIssuableRank). */
  readonly stock: number;
  readonly windows: readonly EventWindow[];
  /** Where they are not known, codes are not compared with them. */
  readonly codes?: CodeSource;
}

export interface LedgerReading {
  readonly issued: number;
  /** "rank:windowId:issuedAtMs" of each member, as Redis holds it. */
  readonly grantByMember: ReadonlyMap<string, string>;
  readonly checks: readonly Check[];
}

/** Checks the rows of a ledger, which come in the order of ranks. */
export async function checkLedger(
  pages: AsyncIterable<readonly LedgerRow[]>,
  event: LedgerEvent,
): Promise<LedgerReading> {
  const { codes: source } = event;
  const windows = new Map(event.windows.map((window) => [window.id, window]));
  const issuedByWindow = new Map<number, number>();
  const grantByMember = new Map<string, string>();
  const codes = new Set<string>();
  const duplicates = new Findings();
  const gaps = new Findings();
  const outside = new Findings();
  const wrongCodes = new Findings();
  const repeatedCodes = new Findings();
  let issued = 0;
  let lastRank = 0;
  for await (const page of pages) {
    for (const row of page) {
      const { memberId, rank, code, windowId, issuedAtMs } = row;
      issued++;
      if (rank !== lastRank + 1) gaps.add(`rank ${rank} follows rank ${lastRank}`);
      lastRank = rank;
      const earlier = grantByMember.get(memberId);
      if (earlier === undefined) grantByMember.set(memberId, formatGrant(row));
      else
        duplicates.add(`member ${memberId} has ranks ${Number.parseInt(earlier, 10)} and ${rank}`);
      const window = windows.get(windowId);
      if (
        window === undefined ||
        issuedAtMs < window.opensAtMs ||
        issuedAtMs >= window.closesAtMs
      ) {
        outside.add(`rank ${rank} was issued at ${new Date(issuedAtMs).toISOString()}`);
      }
      issuedByWindow.set(windowId, (issuedByWindow.get(windowId) ?? 0) + 1);
      if (source !== undefined && !isCodeOfRank(source, rank, code)) {
        wrongCodes.add(`rank ${rank}`);
      }
      if (codes.has(code)) repeatedCodes.add(`rank ${rank} has the code of another rank`);
      codes.add(code);
    }
  }
  const excess = new Findings();
  if (issued > event.stock) excess.add(`${issued} issued of a stock of ${event.stock}`);
  const overQuota = new Findings();
  for (const { id, quota, opensAtMs } of event.windows) {
    const count = issuedByWindow.get(id) ?? 0;
    if (quota !== null && count > quota) {
      overQuota.add(`${count} of ${quota} in the window of ${new Date(opensAtMs).toISOString()}`);
    }
  }
  return {
    issued,
    grantByMember,
    checks: [
      excess.check(
        "stock",
        1,
        `${amount(issued)} issued, stock ${amount(event.stock)}`,
        "more issued than the stock",
      ),
      overQuota.check(
        "quota",
        1,
        "no window issued more than its quota",
        "windows over their quota",
      ),
      duplicates.check(
        "one-per-member",
        2,
        `${members(grantByMember.size)}, one coupon each`,
        "members with more than one coupon",
      ),
      outside.check(
        "in-window",
        3,
        "every coupon was issued inside a window",
        "coupons issued outside a window",
      ),
      gaps.check(
        "dense-ranks",
        8,
        issued === 0 ? "no rank was given" : `ranks 1–${amount(lastRank)} without a gap`,
        "gaps or repeats in the ranks",
      ),
      repeatedCodes.check(
        "unique-codes",
        8,
        `${amount(codes.size)} different codes`,
        "codes given twice",
      ),
      wrongCodes.check(
        "true-codes",
        8,
        whereCodesComeFrom(source),
        "codes that are not those of their ranks",
      ),
    ],
  };
}

/** False, too, for a rank without a code: there are as many imported ones as coupons. */
function isCodeOfRank(source: CodeSource, rank: number, code: string): boolean {
  if (source.codesImported) return source.importedCodes?.[rank - 1] === code;
  return codeForRank(source, rank) === code;
}

function whereCodesComeFrom(source: CodeSource | undefined): string {
  if (source === undefined) return "not judged: the event's codes are known to its database only";
  return source.codesImported
    ? "every code is the imported one of its rank"
    : "every code follows from the event's key";
}

async function checkRedis(
  redis: Redis,
  event: EventDefinition,
  grantByMember: ReadonlyMap<string, string>,
): Promise<Check[]> {
  const keys = eventKeys(event.id);
  const seen = new Set<string>();
  const onlyInRedis = new Findings();
  const different = new Findings();
  const scan = redis.hscanStream(keys.members, { count: SCAN_COUNT });
  for await (const chunk of scan) {
    for (const [memberId, grant] of pairs(chunk)) {
      // A scan may name a field twice.
      if (seen.has(memberId)) continue;
      seen.add(memberId);
      const kept = grantByMember.get(memberId);
      if (kept === undefined) onlyInRedis.add(`member ${memberId}`);
      else if (kept !== grant)
        different.add(`member ${memberId}: ${grant} in Redis, ${kept} in SQL`);
    }
  }
  const onlyInLedger = new Findings();
  for (const memberId of grantByMember.keys()) {
    if (!seen.has(memberId)) onlyInLedger.add(`member ${memberId}`);
  }
  const [issued, waiting, contradictions] = await Promise.all([
    redis.hget(keys.state, "issued"),
    redis.xlen(keys.stream),
    redis.xlen(keys.contradictions),
  ]);
  const count = new Findings();
  if (Number(issued ?? 0) !== seen.size) count.add(`${issued} counted, ${seen.size} members`);
  const undrained = new Findings();
  if (waiting > 0) undrained.add(`${waiting} entries wait in the stream`);
  const refused = new Findings();
  if (contradictions > 0) refused.add(`${contradictions} entries in ${keys.contradictions}`);
  return [
    undrained.check(
      "drained",
      7,
      "the writer has brought everything to the ledger",
      "the writer has not drained",
    ),
    onlyInRedis.check(
      "redis-in-ledger",
      7,
      `${members(seen.size)} in Redis, all in the ledger`,
      "members in Redis who are missing in the ledger",
    ),
    onlyInLedger.check(
      "ledger-in-redis",
      7,
      `${members(grantByMember.size)} in the ledger, all in Redis`,
      "members in the ledger who are missing in Redis",
    ),
    different.check("same-grants", 7, "both hold the same grants", "members with different grants"),
    count.check(
      "redis-count",
      7,
      "the engine's count is that of its members",
      "the engine's count is wrong",
    ),
    refused.check(
      "no-contradiction",
      7,
      "the ledger refused nothing",
      "the ledger refused what Redis had decided",
    ),
  ];
}

/** The scan's flat list of field, value, field, value … */
function* pairs(chunk: unknown): Generator<[string, string]> {
  if (!Array.isArray(chunk)) throw new Error("HSCAN answered no array");
  for (let i = 0; i + 1 < chunk.length; i += 2) {
    yield [String(chunk[i]), String(chunk[i + 1])];
  }
}

function members(count: number): string {
  return count === 1 ? "1 member" : `${amount(count)} members`;
}

function amount(count: number): string {
  return count.toLocaleString("en-US");
}
