/** What `GET /v1/events/{id}/live` sends: the `data` of each message. */
import { z } from "zod";
import { eventDescriptionSchema } from "./events-schema.ts";

const perSecond = z.int().nonnegative();

/** A snapshot of an event, without what does not change while one looks on. */
export const liveSnapshotSchema = eventDescriptionSchema.omit({ coupons: true }).extend({
  issuedPerSecond: perSecond.describe("Coupons issued in about the last second."),
  refusedPerSecond: perSecond
    .nullable()
    .describe("Claims refused in about the last second; null where that is not known."),
  isEngineAvailable: z
    .boolean()
    .describe("False while claims cannot be decided: the counts are then the last known."),
});

export type LiveSnapshot = z.infer<typeof liveSnapshotSchema>;
