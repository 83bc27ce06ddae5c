/** Events in the HTTP reference. */
import { z } from "zod";
import {
  type EventDescription,
  eventDescriptionSchema,
  eventListSchema,
} from "../events-schema.ts";
import { type LiveSnapshot, liveSnapshotSchema } from "../live-schema.ts";
import { json, type Operation } from "./operation.ts";
import { eventId } from "./parameters.ts";

const open: EventDescription = {
  id: "launch",
  name: "Launch",
  state: "open",
  stock: 100_000,
  issued: 1,
  remaining: 99_999,
  coupons: [
    { firstRank: 1, kind: "percent", value: 50 },
    { firstRank: 1_001, kind: "amount", value: 5_000 },
  ],
  currentWindow: { opensAt: "2026-11-22T10:00:00.000Z", closesAt: "2026-11-22T10:01:00.000Z" },
  nextWindow: { opensAt: "2026-11-22T12:00:00.000Z", closesAt: "2026-11-22T12:01:00.000Z" },
  serverTime: "2026-11-22T10:00:00.230Z",
};

const { coupons: _, ...withoutCoupons } = open;
const snapshot: LiveSnapshot = {
  ...withoutCoupons,
  issuedPerSecond: 1,
  refusedPerSecond: 0,
  isEngineAvailable: true,
};

const COUNT_DOWN =
  "Counts are at most 0.1 s old. `serverTime` is the time of the clock that decides claims: count down to `nextWindow.opensAt` by it, not by the visitor's clock.";

export const eventOperations: readonly Operation[] = [
  {
    method: "get",
    path: "/v1/events",
    id: "listEvents",
    tag: "Events",
    summary: "All events",
    description: COUNT_DOWN,
    access: "anyone",
    answers: [json(200, "The events.", "Events", eventListSchema, { events: { events: [open] } })],
    problems: ["internal", "engine_unavailable"],
  },
  {
    method: "get",
    path: "/v1/events/{id}",
    id: "getEvent",
    tag: "Events",
    summary: "One event",
    description: COUNT_DOWN,
    access: "anyone",
    parameters: [eventId],
    answers: [json(200, "The event.", "Event", eventDescriptionSchema, { open })],
    problems: ["unknown_event", "internal", "engine_unavailable"],
  },
  {
    method: "get",
    path: "/v1/events/{id}/live",
    id: "followEvent",
    tag: "Events",
    summary: "Where the event stands, as server-sent events",
    description:
      "The `data` of each message is a whole `EventSnapshot`: the newest at once, then another when anything but the time has changed, at most five a second. A comment every 15 s says that the line lives. With `Last-Event-ID`, nothing is repeated that the client has.",
    access: "anyone",
    messages: {
      mediaType: "application/json",
      name: "EventSnapshot",
      schema: liveSnapshotSchema,
      examples: { snapshot },
    },
    parameters: [
      eventId,
      {
        name: "Last-Event-ID",
        in: "header",
        required: false,
        description: "The id of the last message that came, as browsers send it by themselves.",
        schema: z.string(),
        example: "026ac4f3-1",
      },
    ],
    answers: [
      {
        status: 200,
        description: "Messages, until the caller hangs up.",
        content: {
          mediaType: "text/event-stream",
          name: undefined,
          schema: z.string(),
          examples: { message: `id: 026ac4f3-1\ndata: ${JSON.stringify(snapshot)}\n\n` },
        },
        headers: {},
      },
    ],
    problems: ["unknown_event", "engine_unavailable", "too_many_listeners", "shutting_down"],
  },
];
