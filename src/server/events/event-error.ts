/** What an administrator's request on an event can be refused for. */
export type EventErrorCode =
  | "invalid_input"
  | "unknown_event"
  | "id_taken"
  | "event_ended"
  | "unknown_time_zone"
  | "skipped_time"
  | "window_in_past"
  | "window_overlap"
  | "too_many_windows"
  | "stock_below_issued"
  /** Something was issued, or could have been. */
  | "has_issued"
  | "window_begun"
  | "unknown_window"
  /** Members were told so already. */
  | "setting_fixed"
  | "code_taken"
  | "invalid_codes"
  | "changed_meanwhile"
  /** Only the Redis that decides can tell, and it was not named, or is not the one. */
  | "redis_needed";

/** A refusal in one plain sentence, for a person; `code` is for programs. Nothing was changed. */
export class EventError extends Error {
  readonly code: EventErrorCode;

  constructor(code: EventErrorCode, message: string) {
    super(message);
    this.name = "EventError";
    this.code = code;
  }
}

/** The refusal of a request on an event that is not there. */
export function unknownEvent(eventId: string): EventError {
  return new EventError("unknown_event", `there is no event with the id ${eventId}`);
}
