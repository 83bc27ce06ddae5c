/** The parameters that several calls share. */
import { z } from "zod";
import type { Parameter } from "./operation.ts";

/** `{id}` of an event. */
export const eventId: Parameter = {
  name: "id",
  in: "path",
  required: true,
  description: "The event's id.",
  schema: z.string(),
  example: "launch",
};
