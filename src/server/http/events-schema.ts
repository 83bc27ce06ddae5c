/** What anyone may know of an event: the answers of `/v1/events` and `/v1/events/{id}`. */
import { z } from "zod";

const moment = z.iso.datetime();
const window = z.object({ opensAt: moment, closesAt: moment });

/** One event. */
export const eventDescriptionSchema = z.object({
  id: z.string(),
  name: z.string(),
  state: z.enum(["scheduled", "open", "between_windows", "sold_out", "paused", "ended"]),
  stock: z.int().nonnegative(),
  issued: z.int().nonnegative(),
  remaining: z.int().nonnegative(),
  coupons: z.array(
    z.object({
      firstRank: z.int().positive(),
      kind: z.enum(["percent", "amount"]),
      value: z.int().positive(),
    }),
  ),
  currentWindow: window.nullable(),
  nextWindow: window.nullable(),
  serverTime: moment.describe("The time of the clock that decides claims."),
});

/** All events. */
export const eventListSchema = z.object({ events: z.array(eventDescriptionSchema) });

export type EventDescription = z.infer<typeof eventDescriptionSchema>;
