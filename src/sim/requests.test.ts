/** The preparation of a worker's requests, which takes a while when there are millions. */
import { expect, test } from "bun:test";
import { planWorkers, prepareTimeoutMs } from "./fleet.ts";
import { prepareRequests } from "./requests.ts";

const MEMBERS = 5_000;

test("says each second how many members have their token", () => {
  const [plan] = planWorkers({
    url: new URL("http://127.0.0.1:1"),
    eventId: "rush",
    shape: { kind: "burst", arrivals: MEMBERS },
    durationMs: 1_000,
    graceMs: 0,
    users: MEMBERS,
    seed: 1,
    workers: 1,
    connections: 1,
    tokens: { secret: "s".repeat(32), previousSecret: undefined, issuer: "i", audience: "a" },
    tokenLifetimeSeconds: 60,
  });
  if (plan === undefined) throw new Error("there is no worker");
  const minted: number[] = [];
  let nowMs = 0;
  // The clock is looked at after each thousand members, and once more where something is said.
  const book = prepareRequests(
    plan,
    (members) => minted.push(members),
    () => (nowMs += 400),
  );
  expect(minted).toEqual([3_000]);
  expect(book.offsets).toHaveLength(MEMBERS + 1);
  expect(book.offsets.at(-1)).toBe(book.bytes.length);
});

test("a worker may take as long as its members need", () => {
  expect(prepareTimeoutMs(0)).toBe(120_000);
  const slowMsPerMember = 0.1;
  expect(prepareTimeoutMs(10_000_000)).toBeGreaterThan(10_000_000 * slowMsPerMember);
});
