/** Sends requests over one connection of the simulator's, as the load does, and notes what comes back. */
import { expect } from "bun:test";
import { chooseNetwork } from "../../src/sim/network/choose-network.ts";
import type { Network } from "../../src/sim/network/network.ts";
import {
  type Connection,
  type ConnectionEvents,
  type Target,
  textOf,
} from "../../src/sim/transport.ts";
import { keepGoing } from "./network.ts";

const EXPIRY_INTERVAL_MS = 10;

export interface Told {
  /** By tag: «status body», or why there was none. */
  readonly answers: readonly string[];
  /** Tags, in the order in which they were concluded. */
  readonly order: readonly number[];
  readonly lost: number;
  readonly mostInFlight: number;
}

/**
 * Sends so many requests, as fast as there is room for them, and waits for all to be concluded.
 *
 * @param requestOf the bytes of the request with this tag
 */
export async function exchange(
  target: Target,
  count: number,
  requestOf: (tag: number) => Uint8Array,
  create: (network: Network, events: ConnectionEvents) => Connection,
): Promise<Told> {
  const answers: string[] = [];
  const order: number[] = [];
  const done = Promise.withResolvers<void>();
  let next = 0;
  let lost = 0;
  let mostInFlight = 0;
  const conclude = (tag: number, what: string) => {
    expect(answers[tag]).toBeUndefined();
    answers[tag] = what;
    if (order.push(tag) === count) done.resolve();
  };
  const sendAll = () => {
    while (next < count && connection.room > 0) {
      const request = requestOf(next);
      connection.send(request, 0, request.length, next++, performance.now());
      mostInFlight = Math.max(mostInFlight, next - order.length);
    }
  };
  const network = chooseNetwork(target, true);
  const stopNetwork = keepGoing(network);
  const connection = create(network, {
    answered: (tag, status, body) => conclude(tag, `${status} ${textOf(body)}`),
    unanswered: conclude,
    ready: sendAll,
    lost: () => lost++,
  });
  const timer = setInterval(() => connection.expire(performance.now()), EXPIRY_INTERVAL_MS);
  try {
    await connection.open();
    sendAll();
    connection.flush();
    await done.promise;
    return { answers, order, lost, mostInFlight };
  } finally {
    clearInterval(timer);
    connection.close();
    stopNetwork();
  }
}

/** How often each was told. */
export function counts(texts: readonly string[]): Record<string, number> {
  const counted: Record<string, number> = {};
  for (const text of texts) counted[text] = (counted[text] ?? 0) + 1;
  return counted;
}
