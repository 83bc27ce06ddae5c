import { describe, expect, test } from "bun:test";
import { administrationContract } from "../../../test/engine/administration-contract.ts";
import { type EngineHarness, engineContract } from "../../../test/engine/contract.ts";
import { embeddedParts, verifyWhenDrained } from "../../../test/support/embedded.ts";
import { createEvent } from "../events/administration.ts";
import { encodeRows, insertMissing } from "../ledger/insert.ts";
import { appendToOutbox } from "../ledger/outbox.ts";
import { codeForRank } from "./code.ts";
import type { EmbeddedEngine } from "./embedded-engine.ts";
import { EngineUnavailableError } from "./engine.ts";

async function openHarness(): Promise<EngineHarness> {
  const { database, create } = await embeddedParts();
  let engine = await create();
  return {
    database,
    engine: () => engine,
    verify: (event) => verifyWhenDrained(database, event),
    restart: async () => {
      await engine.close();
      engine = await create();
    },
    close: async () => {
      await engine.close();
      database.close();
    },
  };
}

engineContract("embedded engine", openHarness, { model: 60, crowds: 30 });
administrationContract("embedded engine", openHarness);

describe("embedded engine alone", () => {
  test("3: a window opens and closes on the very millisecond of the clock", async () => {
    let nowMs = 0;
    const { database, create } = await embeddedParts(() => nowMs);
    const engine = await create();
    const window = { id: 1, opensAtMs: 1_000, closesAtMs: 2_000, quota: null };
    const event = { ...(await createEvent(database, { name: "edges" })), windows: [window] };
    const outcomeAt = async (atMs: number) => {
      nowMs = atMs;
      return (await engine.claim(event, [`m${atMs}`]))[0]?.outcome;
    };
    expect(await outcomeAt(999)).toBe("not_open");
    expect(await outcomeAt(1_000)).toBe("issued");
    expect(await outcomeAt(1_999)).toBe("issued");
    expect(await outcomeAt(2_000)).toBe("not_open");
    expect((await verifyWhenDrained(database, event)).ok).toBe(true);
    await engine.close();
  });

  test("5: what a killed server left in the outbox counts, and comes to the ledger", async () => {
    const { database, create } = await embeddedParts(() => 5);
    const window = { id: 1, opensAtMs: 0, closesAtMs: 10, quota: 4 };
    const event = { ...(await createEvent(database, { name: "outbox" })), windows: [window] };
    const row = (rank: number) => ({
      eventId: event.id,
      rank,
      memberId: `m${rank}`,
      code: codeForRank(event, rank),
      windowId: 1,
      issuedAtMs: 3,
    });
    await insertMissing(database.client, [row(1)]);
    await appendToOutbox(database, encodeRows([row(2)]), []);
    await appendToOutbox(database, encodeRows([row(3)]), []);
    const engine = await create();
    expect(await engine.claim(event, ["m2", "m4", "m5"])).toMatchObject([
      { outcome: "already_issued", grant: { rank: 2, issuedAtMs: 3 } },
      { outcome: "issued", grant: { rank: 4 } },
      { outcome: "window_exhausted" },
    ]);
    expect(await verifyWhenDrained(database, event)).toMatchObject({ ok: true, issued: 4 });
    await engine.close();
  });

  test("8: a failed commit is told to nobody, and leaves no gap behind", async () => {
    const { database, create } = await embeddedParts(() => 5);
    let failing = false;
    const engine = await create((store) => ({
      commit: (rows) => (failing ? Promise.reject(new Error("disk full")) : store.commit(rows)),
      ping: () => store.ping(),
      close: () => store.close(),
    }));
    const window = { id: 1, opensAtMs: 0, closesAtMs: 10, quota: null };
    const event = { ...(await createEvent(database, { name: "full" })), windows: [window] };
    await engine.claim(event, ["a"]);
    failing = true;
    const lost = [
      engine.claim(event, ["b"]),
      engine.claim(event, ["c", "a"]),
      engine.claim(event, ["a"]),
    ];
    for (const result of await Promise.allSettled(lost)) {
      expect(result.status).toBe("rejected");
      expect(result.status === "rejected" && result.reason).toBeInstanceOf(EngineUnavailableError);
    }
    failing = false;
    await expect(engine.check()).rejects.toBeInstanceOf(EngineUnavailableError);
    while (await unavailable(engine)) await Bun.sleep(20);
    expect(await engine.claim(event, ["d", "b"])).toMatchObject([
      { outcome: "issued", grant: { rank: 2 } },
      { outcome: "issued", grant: { rank: 3 } },
    ]);
    expect((await verifyWhenDrained(database, event)).ok).toBe(true);
    await engine.close();
  });
});

async function unavailable(engine: EmbeddedEngine): Promise<boolean> {
  return await engine.check().then(
    () => false,
    () => true,
  );
}
