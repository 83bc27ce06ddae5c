/**
 * Every route of the server, as the HTTP reference describes it. A new route is one entry in the
 * list of its resource; tests fail until it has one, and until each of its answers has been seen to
 * be as described (test/reference).
 */
import { claimOperations } from "./claims.ts";
import { eventAdministrationOperations } from "./event-administration.ts";
import { eventOperations } from "./events.ts";
import { healthOperations } from "./health.ts";
import { issuanceChangeOperations } from "./issuance-changes.ts";
import { issuanceOperations } from "./issuances.ts";
import { memberAdministrationOperations } from "./member-administration.ts";
import { memberOperations } from "./members.ts";
import type { Operation } from "./operation.ts";
import { referenceOperations } from "./reference.ts";
import { windowOperations } from "./windows.ts";

export const OPERATIONS: readonly Operation[] = [
  ...claimOperations,
  ...eventOperations,
  ...memberOperations,
  ...eventAdministrationOperations,
  ...windowOperations,
  ...issuanceOperations,
  ...issuanceChangeOperations,
  ...memberAdministrationOperations,
  ...healthOperations,
  ...referenceOperations,
];
