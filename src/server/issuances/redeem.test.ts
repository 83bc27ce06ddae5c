import { beforeEach, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { events } from "../../../schema/tables.ts";
import { eventWithWindow, issueTo, leaveInOutbox } from "../../../test/support/issuances.ts";
import { temporaryDirectory } from "../../../test/support/temp.ts";
import { readAudit } from "../audit.ts";
import { type Database, openDatabase } from "../database.ts";
import { listEvents } from "../events/administration.ts";
import type { EventDefinition } from "../events/event.ts";
import { pageOutbox } from "../ledger/outbox.ts";
import type { IssuanceSource } from "./arrival.ts";
import { IssuanceError, type IssuanceErrorCode } from "./issuance-error.ts";
import { type RedemptionRequest, redeemCoupon, redemptionJson } from "./redeem.ts";
import { revokeIssuance } from "./revoke.ts";

const OPENS_AT_MS = Date.parse("2026-11-22T10:00:00Z");
const HOUR_MS = 3_600_000;

let database: Database;
let event: EventDefinition;
let source: IssuanceSource;
let code: string;

beforeEach(async () => {
  database = await openDatabase(join(temporaryDirectory().path, "ledger.db"));
  const input = {
    id: "launch",
    name: "Launch",
    stock: 10,
    coupons: [
      { kind: "percent", value: 50, count: 1 },
      { kind: "amount", value: 5_000, count: null },
    ],
  } as const;
  event = await eventWithWindow(database, input, OPENS_AT_MS);
  source = { database, undelivered: ({ id }) => pageOutbox(database, id) };
  const [, second] = await issueTo(database, event, ["kim", "lee"]);
  code = second?.code ?? "";
});

/** Redeems lee's coupon, which was issued a second after the window opened. */
async function redeem(change: Partial<RedemptionRequest> = {}) {
  const request = { code, key: "till-1", actor: "cli:test", nowMs: OPENS_AT_MS + HOUR_MS } as const;
  const events = () => listEvents(database);
  return redemptionJson(await redeemCoupon(source, events, { ...request, ...change }));
}

/** What it is refused with. */
async function refusal(change: Partial<RedemptionRequest> = {}) {
  const error: unknown = await redeem(change).catch((thrown: unknown) => thrown);
  if (!(error instanceof IssuanceError)) throw new Error("it was not refused", { cause: error });
  const { code: problem, facts } = error;
  return { problem, facts } satisfies { problem: IssuanceErrorCode; facts: object };
}

describe("redeeming", () => {
  test("tells the tier and the event, and the same key has the same answer later", async () => {
    const first = await redeem();
    expect(first).toEqual({
      status: "redeemed",
      eventId: "launch",
      eventName: "Launch",
      rank: 2,
      memberId: "lee",
      code,
      coupon: { kind: "amount", value: 5_000 },
      issuedAt: "2026-11-22T10:00:01.000Z",
      redeemedAt: "2026-11-22T11:00:00.000Z",
    });
    const later = { nowMs: OPENS_AT_MS + 2 * HOUR_MS, code: code.toLowerCase() };
    expect(await redeem(later)).toEqual(first);
    expect(await refusal({ key: "till-2" })).toEqual({
      problem: "already_redeemed",
      facts: { redeemedAt: "2026-11-22T11:00:00.000Z" },
    });
    const entries = await readAudit(database, "launch", { limit: 10 });
    const redemptions = entries.filter(({ action }) => action === "issuance.redeem");
    expect(redemptions).toMatchObject([{ actor: "cli:test", subject: "rank 2" }]);
    expect(JSON.stringify(entries)).not.toContain(code);
  });

  test("one of many keys at once redeems, and the others are refused", async () => {
    const keys = Array.from({ length: 20 }, (_, number) => `till-${number}`);
    const results = await Promise.allSettled(keys.map((key) => redeem({ key })));
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  });

  test("until the earlier of its two ends, and not from then on", async () => {
    const issuedAtMs = OPENS_AT_MS + 1_000;
    await database.orm.update(events).set({ validForMs: HOUR_MS, validUntilMs: null });
    expect(await refusal({ nowMs: issuedAtMs + HOUR_MS })).toEqual({
      problem: "coupon_expired",
      facts: { expiredAt: "2026-11-22T11:00:01.000Z" },
    });
    await database.orm.update(events).set({ validUntilMs: OPENS_AT_MS + 5_000 });
    expect(await refusal({ nowMs: OPENS_AT_MS + 5_000 })).toMatchObject({
      problem: "coupon_expired",
    });
    expect((await redeem({ nowMs: OPENS_AT_MS + 4_999 })).status).toBe("redeemed");
    // It was redeemed in time: the same request is answered the same for ever.
    expect((await redeem()).redeemedAt).toBe("2026-11-22T10:00:04.999Z");
  });

  test("not what was revoked, nor what nobody issued, nor without a key", async () => {
    await revokeIssuance(source, event, {
      selector: { by: "member", memberId: "lee" },
      reason: "two accounts",
      giveBack: false,
      actor: "cli:test",
      nowMs: OPENS_AT_MS,
    });
    expect(await refusal()).toEqual({
      problem: "coupon_revoked",
      facts: { revokedAt: "2026-11-22T10:00:00.000Z" },
    });
    expect(await refusal({ code: "AAAA" })).toMatchObject({ problem: "unknown_coupon" });
    for (const key of ["", "a b", "é", "x".repeat(201)]) {
      expect(await refusal({ key })).toMatchObject({ problem: "invalid_input" });
    }
  });

  test("what waits in the outbox is brought to the ledger first", async () => {
    const [late, later] = await leaveInOutbox(database, event, ["late", "later"], 3);
    expect(await redeem({ code: late?.code ?? "" })).toMatchObject({ memberId: "late", rank: 3 });
    const waiting = await Array.fromAsync(pageOutbox(database, "launch"));
    expect(waiting.flat()).toMatchObject([{ memberId: later?.memberId ?? "" }]);
  });

  test("what is on its way from elsewhere is said to be so", async () => {
    const grant = { memberId: "late", rank: 1, windowId: 1, issuedAtMs: OPENS_AT_MS };
    const { code: lateCode = "" } = (await issueTo(database, event, ["gone"], 3))[0] ?? {};
    await database.client.execute("DELETE FROM issuances WHERE rank = 3");
    source = {
      database,
      async *undelivered() {
        yield [{ ...grant, rank: 3 }];
      },
    };
    expect(await refusal({ code: lateCode })).toEqual({
      problem: "not_in_ledger_yet",
      facts: { rank: 3 },
    });
  });
});
