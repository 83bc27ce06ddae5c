/** The refusals of the events' domain as problem documents. */
import { EventError, type EventErrorCode } from "../events/event-error.ts";
import { type ProblemCode, problem } from "./problem.ts";

const RETRY_AFTER_SECONDS = "1";

const PROBLEM_OF = {
  invalid_input: "invalid_input",
  unknown_event: "unknown_event",
  id_taken: "event_exists",
  event_ended: "event_ended",
  unknown_time_zone: "unknown_time_zone",
  skipped_time: "skipped_time",
  window_in_past: "window_in_past",
  window_overlap: "window_overlap",
  too_many_windows: "too_many_windows",
  stock_below_issued: "stock_below_issued",
  has_issued: "has_issued",
  window_begun: "window_begun",
  unknown_window: "unknown_window",
  setting_fixed: "setting_fixed",
  code_taken: "code_taken",
  invalid_codes: "invalid_codes",
  changed_meanwhile: "changed_meanwhile",
  // A server knows its own Redis: this is one that is just being replaced by another.
  redis_needed: "engine_unavailable",
} as const satisfies Record<EventErrorCode, ProblemCode>;

/** The answer to a refusal, its sentence in `detail`; throws any other error on. */
export function eventProblem(error: unknown): Response {
  if (!(error instanceof EventError)) throw error;
  const code = PROBLEM_OF[error.code];
  const headers = code === "engine_unavailable" ? { "retry-after": RETRY_AFTER_SECONDS } : {};
  return problem(code, { detail: error.message }, headers);
}
