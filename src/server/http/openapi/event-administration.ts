/** Setting up events, in the HTTP reference. */
import { z } from "zod";
import {
  adminEventSchema,
  adminEventsSchema,
  auditPageSchema,
  auditQuery,
  cloneBody,
  eventChangesBody,
  importedCodesSchema,
  newEventBody,
  restockBody,
} from "../admin-events-schema.ts";
import { empty, json, jsonBody, type Operation, query } from "./operation.ts";
import { eventId } from "./parameters.ts";

const TAG = "Event administration";

const event: z.infer<typeof adminEventSchema> = {
  id: "launch",
  name: "Launch",
  state: "scheduled",
  stock: 100_000,
  returned: 0,
  issued: 0,
  remaining: 100_000,
  timeZone: "Asia/Seoul",
  windowLengthMs: 60_000,
  windowsPerDay: 10,
  windowQuota: null,
  codePrefix: "",
  codeLength: 16,
  codesImported: false,
  validForMs: 2_592_000_000,
  validUntil: null,
  coupons: [
    { firstRank: 1, kind: "percent", value: 50 },
    { firstRank: 1_001, kind: "amount", value: 5_000 },
  ],
  windows: [
    {
      id: 1,
      opensAt: "2026-11-22T10:00:00.000Z",
      closesAt: "2026-11-22T10:01:00.000Z",
      quota: null,
    },
  ],
};

const TURNS = {
  pause: { summary: "Pause an event", problems: ["event_ended"] },
  resume: { summary: "Resume an event that is paused", problems: ["event_ended"] },
  end: { summary: "End an event for good", problems: [] },
} as const;

const answered = (description: string, status: 200 | 201 = 200) =>
  json(status, description, "AdministeredEvent", adminEventSchema, { event });

export const eventAdministrationOperations: readonly Operation[] = [
  {
    method: "get",
    path: "/v1/admin/events",
    id: "listAdministeredEvents",
    tag: TAG,
    summary: "All events with all of their settings, the oldest first",
    access: "administrator",
    answers: [
      json(200, "The events.", "AdministeredEvents", adminEventsSchema, {
        events: { events: [event] },
      }),
    ],
    problems: ["internal"],
  },
  {
    method: "post",
    path: "/v1/admin/events",
    id: "createEvent",
    tag: TAG,
    summary: "Create an event",
    description: "What is left out has the same default as in `couponlive event create`.",
    access: "administrator",
    body: jsonBody("NewEvent", newEventBody, {
      event: {
        id: "launch",
        name: "Launch",
        timeZone: "Asia/Seoul",
        coupons: [
          { kind: "percent", value: 50, count: 1_000 },
          { kind: "amount", value: 5_000 },
        ],
      },
    }),
    answers: [answered("The event.", 201)],
    problems: [
      "event_exists",
      "code_taken",
      "invalid_input",
      "unknown_time_zone",
      "skipped_time",
      "internal",
    ],
  },
  {
    method: "get",
    path: "/v1/admin/events/{id}",
    id: "getAdministeredEvent",
    tag: TAG,
    summary: "One event with all of its settings",
    access: "administrator",
    parameters: [eventId],
    answers: [answered("The event.")],
    problems: ["unknown_event", "internal"],
  },
  {
    method: "patch",
    path: "/v1/admin/events/{id}",
    id: "changeEvent",
    tag: TAG,
    summary: "Change an event's name, tiers or settings",
    description:
      "What is left out stays. What members were told already cannot be changed: `setting_fixed`.",
    access: "administrator",
    parameters: [eventId],
    body: jsonBody("EventChanges", eventChangesBody, { longer: { windowLengthMs: 120_000 } }),
    answers: [answered("The event as it is now.")],
    problems: [
      "unknown_event",
      "event_ended",
      "setting_fixed",
      "code_taken",
      "changed_meanwhile",
      "invalid_input",
      "skipped_time",
      "internal",
      "engine_unavailable",
    ],
  },
  {
    method: "delete",
    path: "/v1/admin/events/{id}",
    id: "deleteEvent",
    tag: TAG,
    summary: "Delete an event that has issued nothing",
    access: "administrator",
    parameters: [eventId],
    answers: [empty("It is gone; its audit stays.")],
    problems: [
      "unknown_event",
      "has_issued",
      "changed_meanwhile",
      "internal",
      "engine_unavailable",
    ],
  },
  ...(["pause", "resume", "end"] as const).map(turn),
  {
    method: "post",
    path: "/v1/admin/events/{id}/restock",
    id: "restockEvent",
    tag: TAG,
    summary: "Give an event more coupons, or fewer, down to what is issued",
    access: "administrator",
    parameters: [eventId],
    body: jsonBody("Restock", restockBody, { more: { stock: 120_000 } }),
    answers: [answered("The event as it is now.")],
    problems: [
      "unknown_event",
      "event_ended",
      "stock_below_issued",
      "changed_meanwhile",
      "invalid_input",
      "invalid_codes",
      "internal",
      "engine_unavailable",
    ],
  },
  {
    method: "post",
    path: "/v1/admin/events/{id}/clone",
    id: "cloneEvent",
    tag: TAG,
    summary: "A new event with the settings of another one, for the next campaign",
    description: "It has no windows, and codes of its own.",
    access: "administrator",
    parameters: [eventId],
    body: jsonBody("Clone", cloneBody, { next: { id: "launch-2", name: "Launch again" } }),
    answers: [answered("The new event.", 201)],
    problems: [
      "unknown_event",
      "event_exists",
      "code_taken",
      "invalid_input",
      "skipped_time",
      "internal",
    ],
  },
  {
    method: "put",
    path: "/v1/admin/events/{id}/codes",
    id: "importCodes",
    tag: TAG,
    summary: "Bring codes of the event's own, one for each coupon",
    description: "All of them, or none. At most 8 MiB.",
    access: "administrator",
    parameters: [eventId],
    body: {
      mediaType: "text/plain",
      name: undefined,
      schema: z.string(),
      examples: { codes: "SUMMER-0001\nSUMMER-0002\n" },
    },
    answers: [
      json(200, "The codes are the event's.", "ImportedCodes", importedCodesSchema, {
        imported: { eventId: "launch", codes: 100_000 },
      }),
    ],
    problems: [
      "unknown_event",
      "event_ended",
      "window_begun",
      "has_issued",
      "code_taken",
      "invalid_codes",
      "internal",
    ],
  },
  {
    method: "get",
    path: "/v1/admin/events/{id}/audit",
    id: "getAudit",
    tag: TAG,
    summary: "Who changed what and when, the newest first",
    description: "Also of an event that was deleted.",
    access: "administrator",
    parameters: [eventId],
    query: query(auditQuery, {
      beforeId: "`nextBeforeId` of the page before.",
      limit: "How many at the most.",
    }),
    answers: [
      json(200, "A page; `nextBeforeId` is `null` on the last.", "AuditPage", auditPageSchema, {
        page: {
          entries: [
            {
              id: 12,
              at: "2026-11-22T10:05:00.000Z",
              actor: "cli:kim",
              action: "event.restock",
              eventId: "launch",
              subject: null,
              details: { from: 100_000, to: 120_000 },
            },
          ],
          nextBeforeId: null,
        },
      }),
    ],
    problems: ["invalid_request", "unknown_event", "internal"],
  },
];

function turn(verb: "pause" | "resume" | "end"): Operation {
  const { summary, problems } = TURNS[verb];
  return {
    method: "post",
    path: `/v1/admin/events/{id}/${verb}`,
    id: `${verb}Event`,
    tag: TAG,
    summary,
    description: "From one second later at the latest, every server answers claims so.",
    access: "administrator",
    parameters: [eventId],
    answers: [answered("The event as it is now.")],
    problems: ["unknown_event", ...problems, "internal"],
  };
}
