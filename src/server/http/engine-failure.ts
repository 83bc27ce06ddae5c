/** What the routes do when the engine cannot decide: 503, and one line in the log a second. */
import { EngineUnavailableError } from "../claims/engine.ts";
import type { Dependencies } from "./dependencies.ts";
import { fixedProblem } from "./problem.ts";
import { REQUEST_ID_HEADER, requestIdOf } from "./request-id.ts";

/** In an outage thousands of claims fail for one reason. */
const LOG_INTERVAL_MS = 1_000;
const RETRY_AFTER_SECONDS = "1";

const unavailable = fixedProblem("engine_unavailable", {}, { "retry-after": RETRY_AFTER_SECONDS });

/** Turns an engine's failure into its answer; throws any other error on. */
export function engineFailureHandler({
  log,
  nowMs,
}: Pick<Dependencies, "log" | "nowMs">): (error: unknown, request: Request) => Response {
  let loggedAtMs = Number.NEGATIVE_INFINITY;
  let sinceLogged = 0;
  return (error, request) => {
    if (!(error instanceof EngineUnavailableError)) throw error;
    sinceLogged++;
    if (nowMs() - loggedAtMs >= LOG_INTERVAL_MS) {
      const cause = error.cause instanceof Error ? error.cause.message : undefined;
      log.error(
        { requestId: requestIdOf(request), reason: error.message, cause, requests: sinceLogged },
        "the engine is unavailable",
      );
      loggedAtMs = nowMs();
      sinceLogged = 0;
      const response = unavailable();
      response.headers.set(REQUEST_ID_HEADER, requestIdOf(request));
      return response;
    }
    return unavailable();
  };
}
