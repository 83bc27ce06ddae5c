/**
 * What keeping refusals costs: `bun scripts/bench/refusals.ts`. The best of several rounds, so that a
 * busy machine does not count. Handing over is on the claim path; looking through happens when no
 * claim waits; writing is the other thread's.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ClaimDecision } from "../../src/server/claims/engine.ts";
import { openDatabase } from "../../src/server/database.ts";
import { DEFAULT_RECORDER_LIMITS, RefusalRecorder } from "../../src/server/refusals/recorder.ts";
import type { Refusal } from "../../src/server/refusals/refusal.ts";
import { encodeRefusals, mergeRefusals } from "../../src/server/refusals/store.ts";

const ROUNDS = 20;
const BATCHES = 190;
const BATCH_SIZE = 512;
const WRITTEN_AT_ONCE = DEFAULT_RECORDER_LIMITS.membersPerWrite;

const batches = Array.from({ length: BATCHES }, (_, batch) => ({
  memberIds: Array.from({ length: BATCH_SIZE }, (_, at) => `member-${batch * BATCH_SIZE + at}`),
  decisions: Array.from(
    { length: BATCH_SIZE },
    (): ClaimDecision => ({ outcome: "sold_out", decidedAtMs: Date.now() }),
  ),
}));
const decisions = BATCHES * BATCH_SIZE;
const best = { handOver: Infinity, lookThrough: Infinity, write: Infinity };
const directory = await mkdtemp(join(tmpdir(), "couponlive-bench-"));
const database = await openDatabase(join(directory, "refusals.db"));

for (let round = 0; round < ROUNDS; round++) {
  const refused: Refusal[] = [];
  const recorder = new RefusalRecorder({
    write: (some) => {
      if (refused.length < WRITTEN_AT_ONCE) refused.push(...some);
      return Promise.resolve();
    },
    isQuiet: () => false,
    nowMs: Date.now,
    onFailure: (error) => {
      throw error;
    },
  });
  const startedMs = performance.now();
  for (const { memberIds, decisions } of batches) recorder.take("event", memberIds, decisions);
  const handedOverMs = performance.now();
  await recorder.close();
  const lookedThroughMs = performance.now();
  await database.client.execute("DELETE FROM refusals");
  const emptiedMs = performance.now();
  await mergeRefusals(database, encodeRefusals(refused));
  const writtenMs = performance.now();
  best.handOver = Math.min(best.handOver, handedOverMs - startedMs);
  best.lookThrough = Math.min(best.lookThrough, lookedThroughMs - handedOverMs);
  best.write = Math.min(best.write, writtenMs - emptiedMs);
}
database.close();
await rm(directory, { recursive: true });

const nanoseconds = (ms: number, count: number) => `${((ms * 1e6) / count).toFixed(1)} ns`;
process.stdout.write(
  [
    `handing over       ${nanoseconds(best.handOver, BATCHES)} a batch of ${BATCH_SIZE}, ${nanoseconds(best.handOver, decisions)} a claim`,
    `looking through    ${nanoseconds(best.lookThrough, decisions)} a refusal`,
    `writing            ${nanoseconds(best.write, WRITTEN_AT_ONCE)} a member, on the other thread`,
    "",
  ].join("\n"),
);
