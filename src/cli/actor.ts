/** As whom the audit knows the person at the terminal. */
import { userInfo } from "node:os";
import type { Actor } from "../server/audit.ts";

/** `cli:` and the operating system's name of the user, or the user's number where there is no name. */
export function cliActor(): Actor {
  try {
    return `cli:${userInfo().username}`;
  } catch {
    // A container may run as a number that no user has.
    return `cli:${process.getuid?.() ?? "unknown"}`;
  }
}
