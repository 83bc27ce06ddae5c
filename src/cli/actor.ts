/** As whom the audit knows the person at the terminal. */
import { userInfo } from "node:os";
import type { Actor } from "../server/audit.ts";

/** What Bun calls a user whose name it does not find. */
const NAMELESS = "unknown";

/** `cli:` and the operating system's name of the user, or the user's number where there is no name. */
export function cliActor(): Actor {
  return `cli:${userName() ?? process.getuid?.() ?? NAMELESS}`;
}

function userName(): string | undefined {
  try {
    const { username } = userInfo();
    return username === NAMELESS ? undefined : username;
  } catch {
    // A container may run as a number that no user has.
    return undefined;
  }
}
