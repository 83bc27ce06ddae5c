import { describe, expect, test } from "bun:test";
import { eventDefinition } from "../../../test/support/event.ts";
import type { EventDefinition, EventWindow } from "./event.ts";
import { eventState } from "./state.ts";

const first: EventWindow = { id: 1, opensAtMs: 1_000, closesAtMs: 2_000, quota: null };
const second: EventWindow = { id: 2, opensAtMs: 5_000, closesAtMs: 6_000, quota: 3 };

function event(changes: Partial<EventDefinition> = {}): EventDefinition {
  return eventDefinition({ stock: 10, windows: [first, second], ...changes });
}

describe("the clock moves an event through its windows", () => {
  test.each([
    [999, "scheduled", null, first],
    [1_000, "open", first, second],
    [1_999, "open", first, second],
    [2_000, "between_windows", null, second],
    [4_999, "between_windows", null, second],
    [5_000, "open", second, null],
    [5_999, "open", second, null],
    [6_000, "ended", null, null],
  ] as const)("at %d ms: %s", (nowMs, state, currentWindow, nextWindow) => {
    expect(eventState(event(), 9, nowMs)).toEqual({ state, currentWindow, nextWindow });
  });
});

test("an event without windows waits for them", () => {
  expect(eventState(event({ windows: [] }), 0, 1_000)).toEqual({
    state: "scheduled",
    currentWindow: null,
    nextWindow: null,
  });
});

test("windows that touch hand over at the boundary", () => {
  const touching = { ...second, opensAtMs: 2_000, closesAtMs: 3_000 };
  const standing = eventState(event({ windows: [first, touching] }), 0, 2_000);
  expect(standing).toEqual({ state: "open", currentWindow: touching, nextWindow: null });
});

test.each([
  ["ended before all", { ended: true, paused: true }, 10, "ended"],
  ["sold out before paused", { paused: true }, 10, "sold_out"],
  ["more issued than a lowered stock", {}, 11, "sold_out"],
  ["paused before open", { paused: true }, 9, "paused"],
  ["paused without windows", { paused: true, windows: [] }, 0, "paused"],
] as const)("%s", (_, changes, issued, state) => {
  expect(eventState(event(changes), issued, 1_500).state).toBe(state);
});

test("what was ended has no window to wait for", () => {
  expect(eventState(event({ ended: true }), 9, 1_500)).toEqual({
    state: "ended",
    currentWindow: null,
    nextWindow: null,
  });
});
