/** An event's definition for tests of what is pure: none of it is in a database. */

import type { EventDefinition } from "../../src/server/events/event.ts";
import { EVENT_DEFAULTS } from "../../src/server/events/limits.ts";

/** An event without windows, of the defaults, with these changes. */
export function eventDefinition(change: Partial<EventDefinition> = {}): EventDefinition {
  return {
    id: "e",
    name: "E",
    ...EVENT_DEFAULTS,
    codeKey: new Uint8Array(32),
    coupons: [{ firstRank: 1, kind: "percent", value: 10 }],
    windows: [],
    paused: false,
    ended: false,
    returned: 0,
    revision: 1,
    ...change,
  };
}
