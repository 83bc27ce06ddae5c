import { beforeEach, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { events } from "../../../schema/tables.ts";
import { eventWithWindow, issueTo, leaveInOutbox } from "../../../test/support/issuances.ts";
import { temporaryDirectory } from "../../../test/support/temp.ts";
import { readAudit } from "../audit.ts";
import { type Database, openDatabase } from "../database.ts";
import { findEvent } from "../events/administration.ts";
import type { EventDefinition } from "../events/event.ts";
import { pageOutbox } from "../ledger/outbox.ts";
import { IssuanceError } from "./issuance-error.ts";
import { redeemCoupon } from "./redeem.ts";
import { type RevocationRequest, revokeIssuance } from "./revoke.ts";

const NOW_MS = Date.parse("2026-11-22T10:00:00Z");

let database: Database;
let event: EventDefinition;

beforeEach(async () => {
  database = await openDatabase(join(temporaryDirectory().path, "ledger.db"));
  event = await eventWithWindow(database, { id: "launch", name: "Launch", stock: 5 }, NOW_MS);
  await issueTo(database, event, ["kim", "lee"]);
});

async function revoke(change: Partial<RevocationRequest> = {}) {
  const source = { database, undelivered: () => pageOutbox(database, "launch") };
  return await revokeIssuance(source, event, {
    selector: { by: "member", memberId: "kim" },
    reason: "two accounts",
    giveBack: false,
    actor: "cli:test",
    nowMs: NOW_MS,
    ...change,
  });
}

/** The code of what it is refused with. */
async function refusal(change: Partial<RevocationRequest> = {}): Promise<string> {
  const error: unknown = await revoke(change).catch((thrown: unknown) => thrown);
  if (!(error instanceof IssuanceError)) throw new Error("it was not refused", { cause: error });
  return error.code;
}

async function returned(): Promise<number | undefined> {
  return (await findEvent(database, "launch"))?.returned;
}

describe("revoking", () => {
  test("keeps rank and code with their member, notes why, and is written to the audit", async () => {
    expect(await revoke({ reason: "  two accounts " })).toMatchObject({
      memberId: "kim",
      rank: 1,
      status: "revoked",
      revokedAtMs: NOW_MS,
      revocationReason: "two accounts",
    });
    expect(await returned()).toBe(0);
    const [entry] = await readAudit(database, "launch", { limit: 10 });
    expect(entry).toMatchObject({
      action: "issuance.revoke",
      actor: "cli:test",
      subject: "rank 1",
    });
    expect(JSON.parse(entry?.details ?? "")).toEqual({
      memberId: "kim",
      reason: "two accounts",
      returned: false,
    });
  });

  test("gives back one rank, with a revision that servers follow, and only once", async () => {
    const before = (await findEvent(database, "launch"))?.revision ?? 0;
    await revoke({ giveBack: true });
    const after = await findEvent(database, "launch");
    expect(after).toMatchObject({ stock: 5, returned: 1 });
    expect(after?.revision).toBeGreaterThan(before);
    expect(await refusal({ giveBack: true })).toBe("already_revoked");
    expect(await returned()).toBe(1);
  });

  test("refuses what was redeemed, what is not there, and a reason that says nothing", async () => {
    const [kim] = await issueTo(database, event, ["kim"]);
    const source = { database, undelivered: () => pageOutbox(database, "launch") };
    const request = { code: kim?.code ?? "", key: "1", actor: "cli:test", nowMs: NOW_MS } as const;
    await redeemCoupon(source, () => [event], request);
    expect(await refusal({ giveBack: true })).toBe("already_redeemed");
    expect(await refusal({ selector: { by: "rank", rank: 3 } })).toBe("unknown_issuance");
    for (const reason of ["", " ", "a\nb", "x".repeat(501)]) {
      expect(await refusal({ reason })).toBe("invalid_input");
    }
    expect(await returned()).toBe(0);
  });

  test("does not give back where there is no claim or no code for it, and then revokes nothing", async () => {
    for (const change of [{ codesImported: true }, { ended: true }, { stock: 10_000_000 }]) {
      await database.orm.update(events).set({ codesImported: false, ended: false, ...change });
      expect(await refusal({ giveBack: true })).toBe("cannot_return");
    }
    expect(await returned()).toBe(0);
    expect(await revoke()).toMatchObject({ status: "revoked" });
  });

  test("reaches what waits in the outbox", async () => {
    await leaveInOutbox(database, event, ["late"], 3);
    expect(await revoke({ selector: { by: "rank", rank: 3 } })).toMatchObject({ memberId: "late" });
  });
});
