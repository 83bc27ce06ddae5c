/** An event's windows, in the HTTP reference. */
import type { z } from "zod";
import {
  addedWindowsSchema,
  newWindowsBody,
  windowIdParameter,
  windowsSchema,
} from "../admin-events-schema.ts";
import { empty, json, jsonBody, type Operation } from "./operation.ts";
import { eventId } from "./parameters.ts";

const windows: z.infer<typeof windowsSchema> = {
  timeZone: "Asia/Seoul",
  windows: [
    {
      id: 1,
      opensAt: "2026-12-01T01:00:00.000Z",
      closesAt: "2026-12-01T01:01:00.000Z",
      quota: null,
    },
  ],
};
const planned = windows.windows.map(({ id: _, ...window }) => window);

export const windowOperations: readonly Operation[] = [
  {
    method: "get",
    path: "/v1/admin/events/{id}/windows",
    id: "listWindows",
    tag: "Event administration",
    summary: "An event's windows",
    access: "administrator",
    parameters: [eventId],
    answers: [json(200, "The windows.", "Windows", windowsSchema, { windows })],
    problems: ["unknown_event", "internal"],
  },
  {
    method: "post",
    path: "/v1/admin/events/{id}/windows",
    id: "addWindows",
    tag: "Event administration",
    summary: "Add windows, all of them or none",
    description:
      "Named one by one (`windows`), every day at some times (`daily`), or one at once (`now`). Local times are those of `timeZone`, or else of the event.",
    access: "administrator",
    parameters: [eventId],
    body: jsonBody("NewWindows", newWindowsBody, {
      named: { windows: [{ opensAt: "2026-12-01T10:00", quota: 500 }] },
      daily: { daily: { times: ["10:00", "12:00"], from: "2026-12-01", days: 7 }, dryRun: true },
      now: { now: true },
    }),
    answers: [
      json(201, "The windows as they were added.", "AddedWindows", addedWindowsSchema, {
        added: { ...windows, dryRun: false },
      }),
      json(200, "With `dryRun`: those that would be added.", "AddedWindows", addedWindowsSchema, {
        planned: { timeZone: windows.timeZone, windows: planned, dryRun: true },
      }),
    ],
    problems: [
      "unknown_event",
      "event_ended",
      "window_overlap",
      "too_many_windows",
      "invalid_input",
      "unknown_time_zone",
      "skipped_time",
      "window_in_past",
      "internal",
    ],
  },
  {
    method: "delete",
    path: "/v1/admin/events/{id}/windows/{windowId}",
    id: "removeWindow",
    tag: "Event administration",
    summary: "Remove a window that has not begun",
    access: "administrator",
    parameters: [
      eventId,
      {
        name: "windowId",
        in: "path",
        required: true,
        description: "The window's id.",
        schema: windowIdParameter,
        example: 1,
      },
    ],
    answers: [empty("It is gone.")],
    problems: ["unknown_event", "unknown_window", "event_ended", "window_begun", "internal"],
  },
];
