/** By what one issuance of an event is named: its member, its rank or its code. */
import { eq, type SQL, sql } from "drizzle-orm";
import { issuances } from "../../../schema/tables.ts";

export type Selector =
  | { readonly by: "member"; readonly memberId: string }
  | { readonly by: "rank"; readonly rank: number }
  | { readonly by: "code"; readonly code: string };

/** The condition on the ledger's rows. */
export function selected(selector: Selector): SQL {
  switch (selector.by) {
    case "member":
      return eq(issuances.userId, selector.memberId);
    case "rank":
      return eq(issuances.rank, selector.rank);
    case "code":
      return hasCode(selector.code);
  }
}

/**
 * The rows with this code as it is typed, or in capitals: generated codes have no other letters. An
 * event's own codes may differ in their letters' case only, so the first row by `exactCodeFirst` is
 * the one that is meant.
 */
export function hasCode(code: string): SQL {
  return sql`${issuances.code} IN (${code}, ${code.toUpperCase()})`;
}

/** The order in which a code as it is typed comes before the same in capitals. */
export function exactCodeFirst(code: string): SQL {
  return sql`${issuances.code} = ${code} DESC`;
}

/** How a sentence goes on that says what an event has not issued. A code, a secret, is not repeated. */
export function describeSelector(selector: Selector): string {
  switch (selector.by) {
    case "member":
      return `to member ${selector.memberId}`;
    case "rank":
      return `with rank ${selector.rank}`;
    case "code":
      return "with this code";
  }
}
