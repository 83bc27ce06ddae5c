/** How a refusal of the events' domain reads at the terminal, the same in every command. */
import { CliError } from "../exit-codes.ts";
import type { EventError, EventErrorCode } from "../server/events/event-error.ts";

/** What the person at the terminal can do about it, beyond what its sentence says. */
const HINTS: Partial<Record<EventErrorCode, string>> = {
  unknown_event: "`couponlive event list` shows those there are",
  window_in_past: "--now opens one at once",
};

/** The line that `main.ts` prints. */
export function eventRefusal({ code, message }: EventError): CliError {
  const hint = HINTS[code];
  return new CliError(hint === undefined ? message : `${message} (${hint})`);
}
