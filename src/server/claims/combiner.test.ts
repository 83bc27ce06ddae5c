import { describe, expect, test } from "bun:test";
import { embeddedParts } from "../../../test/support/embedded.ts";
import { createEvent } from "../events/administration.ts";
import { Combiner } from "./combiner.ts";
import { EngineUnavailableError } from "./engine.ts";

const limits = { maxBatch: 4, maxBatchesInFlight: 1, maxQueued: 6 };

/** A combiner over a real engine whose commits wait at a gate; `batches` is what reached it. */
async function gatedCombiner() {
  const { database, create } = await embeddedParts(() => 5);
  const gate = Promise.withResolvers<void>();
  const batches: string[][] = [];
  const engine = await create((store) => ({
    commit: async (rows) => {
      batches.push(rows.map((row) => row.memberId));
      await gate.promise;
      await store.commit(rows);
    },
    ping: () => store.ping(),
    close: () => store.close(),
  }));
  const event = {
    ...(await createEvent(database, { name: "combiner" })),
    windows: [{ id: 1, opensAtMs: 0, closesAtMs: 10, quota: null }],
  };
  await engine.prepare(event);
  return { combiner: new Combiner(engine, limits), event, gate, batches };
}

describe("combiner", () => {
  test("what arrives in one turn goes as one batch, and what arrives meanwhile as the next", async () => {
    const { combiner, event, gate, batches } = await gatedCombiner();
    const first = ["a", "b"].map((member) => combiner.claim(event, member));
    await Bun.sleep(1);
    const second = ["c", "d", "e", "f", "g"].map((member) => combiner.claim(event, member));
    expect(combiner.queueDepth).toBe(5);
    gate.resolve();
    const answers = await Promise.all([...first, ...second]);
    expect(answers.map((answer) => "grant" in answer && answer.grant.rank)).toEqual([
      1, 2, 3, 4, 5, 6, 7,
    ]);
    expect(batches).toEqual([["a", "b"], ["c", "d", "e", "f"], ["g"]]);
  });

  test("a full queue answers `overloaded` at once, and takes claims again when it has room", async () => {
    const { combiner, event, gate } = await gatedCombiner();
    const inFlight = combiner.claim(event, "first");
    await Bun.sleep(1);
    const queued = Array.from({ length: limits.maxQueued }, (_, i) =>
      combiner.claim(event, `q${i}`),
    );
    expect(await combiner.claim(event, "late")).toEqual({ outcome: "overloaded" });
    gate.resolve();
    await Promise.all([inFlight, ...queued]);
    expect(await combiner.claim(event, "late")).toMatchObject({ outcome: "issued" });
  });

  test("a batch that the engine cannot decide is rejected whole; the next one is decided", async () => {
    const { combiner, event, gate } = await gatedCombiner();
    const lost = ["a", "b"].map((member) => combiner.claim(event, member));
    await Bun.sleep(1);
    gate.reject(new Error("disk full"));
    for (const result of await Promise.allSettled(lost)) {
      expect(result.status === "rejected" && result.reason).toBeInstanceOf(EngineUnavailableError);
    }
    expect(combiner.queueDepth).toBe(0);
    await combiner.idle();
  });

  test("is idle when every claim has been answered, and not before", async () => {
    const { combiner, event, gate } = await gatedCombiner();
    await combiner.idle();
    const claim = combiner.claim(event, "a");
    let idle = false;
    const waiting = combiner.idle().then(() => {
      idle = true;
    });
    await Bun.sleep(1);
    expect(idle).toBe(false);
    gate.resolve();
    await Promise.all([claim, waiting]);
    expect(idle).toBe(true);
  });
});
