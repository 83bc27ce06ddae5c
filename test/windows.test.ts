/** Windows open and close by the clock alone (done when no hand has touched anything). */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { addWindows, createEvent, findEvent } from "../src/server/events/administration.ts";
import { verifyEvent } from "../src/server/ledger/verify.ts";
import { startRedis, type TestRedis } from "./support/redis.ts";
import { type Answer, TestServer } from "./support/server.ts";

const WINDOW_MS = 1_000;
const CLAIM_EVERY_MS = 25;

describe("3: two windows of a day", () => {
  let redis: TestRedis;
  beforeAll(async () => {
    redis = await startRedis({ persistence: "none" });
  });
  afterAll(() => redis.stop());

  for (const engine of ["embedded", "redis"] as const) {
    test(`open and close by the clock on ${engine}; refusals name the next opening`, async () => {
      await using server = await TestServer.create(
        engine === "redis" ? ["--redis", redis.url] : [],
      );
      await server.start();
      const nowMs = Date.now();
      const { id } = await createEvent(server.database, {
        name: `windows ${engine}`,
        windowLengthMs: WINDOW_MS,
      });
      const openings = [nowMs + 1_500, nowMs + 4_000].map((opensAtMs) => ({ opensAtMs }));
      const [first, second] = await addWindows(server.database, id, openings, { nowMs });
      if (first === undefined || second === undefined) throw new Error("windows are missing");
      await server.firstClaim(id, "early");

      const answers: Answer[] = [];
      for (let number = 0; Date.now() < second.closesAtMs + 300; number++) {
        answers.push(await server.claim(id, `m${number}`));
        await Bun.sleep(CLAIM_EVERY_MS);
      }

      // The order of phases, each at least once; consecutive repeats folded.
      const phases = answers.map(phase).filter((name, i, all) => name !== all[i - 1]);
      const next = (atMs: number) => `not_open until ${new Date(atMs).toISOString()}`;
      expect(phases).toEqual([
        next(first.opensAtMs),
        "issued",
        next(second.opensAtMs),
        "issued",
        "not_open until null",
      ]);
      for (const { headers, body } of answers) {
        if (body.code === "not_open" && body.opensAt != null) {
          expect(Number(headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
        }
        if (body.issuedAt === undefined) continue;
        const atMs = Date.parse(body.issuedAt);
        const inside = [first, second].some((w) => w.opensAtMs <= atMs && atMs < w.closesAtMs);
        expect(inside).toBe(true);
      }
      await server.program?.stop();
      const event = await findEvent(server.database, id);
      if (event === undefined) throw new Error("the event is gone");
      expect((await verifyEvent(server.database, event)).ok).toBe(true);
    });
  }
});

function phase({ status, body }: Answer): string {
  return status === 201 ? "issued" : `${body.code} until ${body.opensAt}`;
}
