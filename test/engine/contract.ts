/**
 * The contract of a claim engine, invariant by invariant (design.md). Both engines run it, against
 * real parts. The numbers in the names are the invariants'.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import fc from "fast-check";
import { Combiner } from "../../src/server/claims/combiner.ts";
import type { ClaimDecision, ClaimEngine, Grant } from "../../src/server/claims/engine.ts";
import type { Database } from "../../src/server/database.ts";
import { createEvent } from "../../src/server/events/administration.ts";
import type { EventDefinition, EventWindow } from "../../src/server/events/event.ts";
import { readLedger } from "../../src/server/ledger/read.ts";
import type { Verification } from "../../src/server/ledger/verify.ts";
import { Model } from "./model.ts";

export interface EngineHarness {
  readonly database: Database;
  engine(): ClaimEngine;
  /** Brings what was decided to the ledger, then proves it. */
  verify(event: EventDefinition): Promise<Verification>;
  /** Gives up the engine and makes a new one, as after a restart of the process. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

const HOUR_MS = 3_600_000;

/** Windows far enough from now that no slow machine walks over an edge. */
const past: EventWindow = span(101, -2 * HOUR_MS, -HOUR_MS);
const open: EventWindow = span(102, -HOUR_MS, HOUR_MS);
const future: EventWindow = span(103, 2 * HOUR_MS, 3 * HOUR_MS);

function span(id: number, fromMs: number, toMs: number, quota: number | null = null): EventWindow {
  const nowMs = Date.now();
  return { id, opensAtMs: nowMs + fromMs, closesAtMs: nowMs + toMs, quota };
}

export function engineContract(
  name: string,
  openHarness: () => Promise<EngineHarness>,
  runs: { readonly model: number; readonly crowds: number },
): void {
  describe(name, () => {
    let harness: EngineHarness;
    beforeAll(async () => {
      harness = await openHarness();
    });
    afterAll(() => harness.close());

    const newEvent = async (change: Partial<EventDefinition>): Promise<EventDefinition> => {
      const event = await createEvent(harness.database, { name: "contract" });
      return { ...event, windows: [past, open, future], ...change };
    };
    const claim = async (event: EventDefinition, ...members: string[]) =>
      await harness.engine().claim(event, members);
    const changed = (event: EventDefinition, change: Partial<EventDefinition>) => ({
      ...event,
      ...change,
      revision: event.revision + 1,
    });
    const expectProof = async (event: EventDefinition) => {
      const { checks } = await harness.verify(event);
      expect(checks.filter((check) => !check.ok)).toEqual([]);
    };

    for (const stock of [0, 1, 3]) {
      test(`1: a stock of ${stock} is never exceeded, within a batch and across batches`, async () => {
        const event = await newEvent({ stock });
        const first = await claim(event, "a", "b");
        const second = await claim(event, "c", "d");
        const issued = [...first, ...second].filter(({ outcome }) => outcome === "issued");
        expect(issued.length).toBe(stock);
        expect(second.at(-1)?.outcome).toBe("sold_out");
        await expectProof(event);
      });
    }

    test("1: a window's quota is never exceeded, and the next window has its own", async () => {
      const event = await newEvent({ windows: [past, { ...open, quota: 2 }, future], stock: 10 });
      expect(outcomes(await claim(event, "a", "b", "c"))).toEqual([
        "issued",
        "issued",
        "window_exhausted",
      ]);
      const [refused] = await claim(event, "c");
      expect(refused).toMatchObject({ outcome: "window_exhausted", opensAtMs: future.opensAtMs });
      const later = changed(event, { windows: [past, { ...open, id: 104, quota: 1 }] });
      expect(outcomes(await claim(later, "c", "d"))).toEqual(["issued", "window_exhausted"]);
    });

    test("1: a window's quota does not hide that the stock is gone", async () => {
      const event = await newEvent({ windows: [{ ...open, quota: 1 }], stock: 1 });
      expect(outcomes(await claim(event, "a", "b"))).toEqual(["issued", "sold_out"]);
    });

    test("2: a member twice in one batch, and again in the next, is issued one coupon", async () => {
      const event = await newEvent({});
      const [first, second] = await claim(event, "a", "a");
      const [third] = await claim(event, "a");
      expect(first?.outcome).toBe("issued");
      expect(second).toEqual({ outcome: "already_issued", grant: grantOf(first) });
      expect(third).toEqual({ outcome: "already_issued", grant: grantOf(first) });
      await expectProof(event);
    });

    test("3: nothing is issued before, between and after windows; the next opening is told", async () => {
      const none = await newEvent({ windows: [] });
      expect(await claim(none, "a")).toMatchObject([{ outcome: "not_open", opensAtMs: null }]);
      const before = await newEvent({ windows: [future] });
      const between = await newEvent({ windows: [past, future] });
      for (const event of [before, between]) {
        expect(await claim(event, "a")).toMatchObject([
          { outcome: "not_open", opensAtMs: future.opensAtMs },
        ]);
      }
      const after = await newEvent({ windows: [past] });
      const [refused] = await claim(after, "a");
      expect(refused).toMatchObject({ outcome: "not_open", opensAtMs: null });
      expect(Math.abs(decidedAtMs(refused) - Date.now())).toBeLessThan(HOUR_MS);
      await expectProof(after);
    });

    test("3: a grant carries the window and the engine's time, inside the window", async () => {
      const event = await newEvent({});
      const grant = grantOf((await claim(event, "a"))[0]);
      expect(grant.windowId).toBe(open.id);
      expect(grant.issuedAtMs).toBeGreaterThanOrEqual(open.opensAtMs);
      expect(grant.issuedAtMs).toBeLessThan(open.closesAtMs);
    });

    test("a paused event issues nothing until it is resumed; an ended one never again", async () => {
      const event = await newEvent({});
      await claim(event, "a");
      const paused = changed(event, { paused: true });
      expect(outcomes(await claim(paused, "b", "a"))).toEqual(["paused", "already_issued"]);
      const resumed = changed(paused, { paused: false });
      expect(outcomes(await claim(resumed, "b"))).toEqual(["issued"]);
      const ended = changed(resumed, { ended: true });
      expect(outcomes(await claim(ended, "c", "b"))).toEqual(["ended", "already_issued"]);
    });

    test("every refusal says when it was decided, by the engine's clock", async () => {
      const soldOut = await newEvent({ stock: 0 });
      const event = await newEvent({});
      const paused = await newEvent({ paused: true });
      const ended = await newEvent({ ended: true });
      const exhausted = await newEvent({ windows: [{ ...open, quota: 0 }] });
      const notOpen = await newEvent({ windows: [past] });
      for (const refusing of [soldOut, paused, ended, exhausted, notOpen]) {
        const { nowMs: beforeMs } = await harness.engine().status(event);
        const [refused] = await claim(refusing, "a");
        const { nowMs: afterMs } = await harness.engine().status(event);
        expect(decidedAtMs(refused)).toBeGreaterThanOrEqual(beforeMs);
        expect(decidedAtMs(refused)).toBeLessThanOrEqual(afterMs);
      }
    });

    test("an older revision than the engine has changes nothing", async () => {
      const event = await newEvent({});
      await claim(changed(event, { paused: true }), "a");
      expect(outcomes(await claim(event, "a"))).toEqual(["paused"]);
    });

    test("9: a restock clears «sold out»; what was issued stays", async () => {
      const event = await newEvent({ stock: 1 });
      expect(outcomes(await claim(event, "a", "b"))).toEqual(["issued", "sold_out"]);
      const restocked = changed(event, { stock: 2 });
      expect(await claim(restocked, "b", "c")).toMatchObject([
        { outcome: "issued", grant: { rank: 2 } },
        { outcome: "sold_out" },
      ]);
      await expectProof(restocked);
    });

    test("1, 8: a coupon that was given back goes to the next claim, once, with a rank of its own", async () => {
      const event = await newEvent({ stock: 2 });
      expect(outcomes(await claim(event, "a", "b", "c"))).toEqual(["issued", "issued", "sold_out"]);
      const given = changed(event, { returned: 1 });
      // Whoever held it is told the same as before.
      expect(await claim(given, "a", "c", "d")).toMatchObject([
        { outcome: "already_issued", grant: { rank: 1 } },
        { outcome: "issued", grant: { rank: 3 } },
        { outcome: "sold_out" },
      ]);
      await harness.restart();
      expect(outcomes(await claim(given, "d", "c"))).toEqual(["sold_out", "already_issued"]);
      await expectProof(given);
    });

    test("6: whoever lost the answer finds the same grant, by asking and by claiming", async () => {
      const event = await newEvent({});
      const grant = grantOf((await claim(event, "a"))[0]);
      expect(await harness.engine().find(event, "a")).toEqual(grant);
      expect(await harness.engine().find(event, "b")).toBeUndefined();
      const closed = changed(event, { windows: [past] });
      expect(await claim(closed, "a")).toEqual([{ outcome: "already_issued", grant }]);
    });

    test("5, 6: a restart forgets no grant, no count and no quota", async () => {
      const event = await newEvent({ windows: [{ ...open, quota: 3 }], stock: 10 });
      const first = await claim(event, "a", "b");
      await harness.restart();
      expect(await harness.engine().status(event)).toMatchObject({ issued: 2 });
      const [again, c, d] = await claim(event, "b", "c", "d");
      expect(again).toEqual({ outcome: "already_issued", grant: grantOf(first[1]) });
      expect(grantOf(c).rank).toBe(3);
      expect(d?.outcome).toBe("window_exhausted");
      await expectProof(event);
    });

    test("members may be named with anything a token's `sub` can hold", async () => {
      const event = await newEvent({});
      const members = ["auth0|5f", "회원-1", "a:b", "[1]", '"', "\\", "😀", "1"];
      const issued = await claim(event, ...members);
      expect(issued.map((decision) => grantOf(decision).rank)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
      for (const [position, member] of members.entries()) {
        expect(await harness.engine().find(event, member)).toEqual(grantOf(issued[position]));
      }
      await expectProof(event);
    });

    test("7: what was issued is in the ledger or said to be on its way there, at every moment", async () => {
      const event = await newEvent({ stock: 2 });
      const members = ["a", "b"];
      expect(outcomes(await claim(event, ...members))).toEqual(["issued", "issued"]);
      const seen: string[] = [];
      for await (const page of harness.engine().undelivered(event)) {
        seen.push(...page.map(({ memberId, rank }) => `${memberId} ${rank}`));
      }
      for await (const page of readLedger(harness.database, event.id)) {
        seen.push(...page.map(({ memberId, rank }) => `${memberId} ${rank}`));
      }
      expect(new Set(seen)).toEqual(new Set(["a 1", "b 2"]));
      await expectProof(event);
    });

    test("events do not know of each other", async () => {
      const [one, other] = [await newEvent({ stock: 1 }), await newEvent({ stock: 1 })];
      expect(outcomes(await claim(one, "a"))).toEqual(["issued"]);
      expect(outcomes(await claim(other, "b", "a"))).toEqual(["issued", "sold_out"]);
    });

    test("property: any sequence of claims and changes ends as in the model", async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.nat({ max: 5 }),
          fc.array(operation, { maxLength: 14 }),
          async (stock, operations) => {
            let event = await newEvent({ stock });
            const model = new Model(stock);
            model.window = open;
            const everyWindow = [...event.windows];
            for (const step of operations) {
              if (step.kind === "restart") await harness.restart();
              else if (step.kind !== "claim") {
                event = changed(event, applyChange(step, model, 200 + everyWindow.length));
                everyWindow.push(...event.windows);
              } else {
                const wanted = step.members.map((member) => model.claim(member));
                const got = await claim(event, ...step.members);
                expect(got.map(summary)).toEqual(wanted);
              }
            }
            await expectProof({ ...event, windows: everyWindow });
          },
        ),
        { numRuns: runs.model },
      );
    }, 60_000);

    test("property: crowds that claim at once through the combiner get dense ranks, once each", async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.integer({ min: 0, max: 60 }),
          fc.array(fc.integer({ min: 1, max: 80 }), { maxLength: 200 }),
          fc.integer({ min: 1, max: 16 }),
          async (stock, clicks, maxBatch) => {
            const event = await newEvent({ stock });
            const limits = { maxBatch, maxBatchesInFlight: 3, maxQueued: 1_000 };
            const combiner = new Combiner(harness.engine(), limits);
            const answers = await Promise.all(
              clicks.map(async (click) => {
                const member = `m${click}`;
                return { member, answer: await combiner.claim(event, member) };
              }),
            );
            const ranks = new Map<string, number>();
            for (const { member, answer } of answers) {
              if (answer.outcome === "issued" || answer.outcome === "already_issued") {
                expect(ranks.get(member) ?? answer.grant.rank).toBe(answer.grant.rank);
                ranks.set(member, answer.grant.rank);
              } else expect(answer.outcome).toBe("sold_out");
            }
            const issued = Math.min(stock, new Set(clicks).size);
            const wanted = Array.from({ length: issued }, (_, index) => index + 1);
            expect([...ranks.values()].sort((a, b) => a - b)).toEqual(wanted);
            await expectProof(event);
          },
        ),
        { numRuns: runs.crowds },
      );
    }, 60_000);
  });
}

type Change =
  | { readonly kind: "window"; readonly open: boolean; readonly quota: number | null }
  | { readonly kind: "restock"; readonly more: number }
  | { readonly kind: "pause"; readonly paused: boolean }
  | { readonly kind: "end" };

const member = fc.integer({ min: 1, max: 8 }).map((number) => `m${number}`);

const operation = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant("claim" as const),
      members: fc.array(member, { minLength: 1, maxLength: 6 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("window" as const),
      open: fc.boolean(),
      quota: fc.option(fc.nat({ max: 3 })),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant("restock" as const), more: fc.nat({ max: 4 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant("pause" as const), paused: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("restart" as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("end" as const) }) },
);

/** Applies a change to the model and returns what it changes in the event. */
function applyChange(step: Change, model: Model, nextWindowId: number): Partial<EventDefinition> {
  switch (step.kind) {
    case "window": {
      const window = { ...open, id: nextWindowId, quota: step.quota };
      model.window = step.open ? window : undefined;
      return { windows: step.open ? [past, window, future] : [past, future] };
    }
    case "restock":
      model.stock += step.more;
      return { stock: model.stock };
    case "pause":
      model.paused = step.paused;
      return { paused: step.paused };
    case "end":
      model.ended = true;
      return { ended: true };
  }
}

function outcomes(decisions: readonly ClaimDecision[]): string[] {
  return decisions.map((decision) => decision.outcome);
}

/** The grant of a decision that must have one. */
function grantOf(decision: ClaimDecision | undefined): Grant {
  if (decision === undefined || !("grant" in decision)) {
    throw new Error(`a grant was expected, not ${JSON.stringify(decision)}`);
  }
  return decision.grant;
}

function decidedAtMs(decision: ClaimDecision | undefined): number {
  return decision !== undefined && "decidedAtMs" in decision ? decision.decidedAtMs : Number.NaN;
}

function summary(decision: ClaimDecision): { outcome: string; rank?: number } {
  const { outcome } = decision;
  return "grant" in decision ? { outcome, rank: decision.grant.rank } : { outcome };
}
