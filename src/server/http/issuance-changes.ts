/** `POST /v1/coupons/{code}/redeem` and `POST /v1/admin/events/{id}/revocations`. */
import { Hono } from "hono";
import type { z } from "zod";
import { issuanceJson } from "../issuances/issuance.ts";
import { IssuanceError } from "../issuances/issuance-error.ts";
import { redeemCoupon, redemptionJson } from "../issuances/redeem.ts";
import { revokeIssuance } from "../issuances/revoke.ts";
import type { Selector } from "../issuances/selector.ts";
import { administratorOf } from "./administrator.ts";
import { readJson } from "./body.ts";
import type { Dependencies } from "./dependencies.ts";
import { engineFailureHandler } from "./engine-failure.ts";
import { codeParameter, idempotencyKey, revocationBody } from "./issuance-changes-schema.ts";
import { issuanceSource } from "./issuances.ts";
import { problem } from "./problem.ts";

const RETRY_AFTER_SECONDS = "1";

/** The routes that change issuances. */
export function issuanceChangeRoutes(deps: Dependencies): Hono {
  const routes = new Hono();
  const onEngineFailure = engineFailureHandler(deps);
  const source = issuanceSource(deps);

  const orProblem = async (
    request: Request,
    answer: () => Promise<Response>,
  ): Promise<Response> => {
    try {
      return await answer();
    } catch (error) {
      return error instanceof IssuanceError ? refusal(error) : onEngineFailure(error, request);
    }
  };

  routes.post("/v1/coupons/:code/redeem", async (c) => {
    const caller = administratorOf(c);
    const key = idempotencyKey.safeParse(c.req.header("idempotency-key"));
    if (!key.success) {
      const detail = "the header `Idempotency-Key` must have 1 to 200 visible ASCII characters";
      return problem("invalid_request", { detail });
    }
    const code = codeParameter.safeParse(c.req.param("code"));
    if (!code.success) return problem("unknown_coupon");
    c.header("cache-control", "no-store");
    return await orProblem(c.req.raw, async () => {
      const redemption = await redeemCoupon(source, () => deps.catalogue.list(), {
        code: code.data,
        key: key.data,
        actor: `member:${caller.memberId}`,
        nowMs: deps.nowMs(),
      });
      return c.json(redemptionJson(redemption));
    });
  });

  routes.post("/v1/admin/events/:id/revocations", async (c) => {
    const caller = administratorOf(c);
    const event = deps.catalogue.get(c.req.param("id"));
    if (event === undefined) return problem("unknown_event");
    const body = revocationBody.safeParse(await readJson(c.req.raw));
    if (!body.success) {
      const detail =
        "send JSON with one of `rank`, `memberId` and `code`, with `reason`, and `return` where it is to go to the next claim";
      return problem("invalid_request", { detail });
    }
    c.header("cache-control", "no-store");
    return await orProblem(c.req.raw, async () => {
      const revoked = await revokeIssuance(source, event, {
        selector: selectorOf(body.data),
        reason: body.data.reason,
        giveBack: body.data.return,
        actor: `member:${caller.memberId}`,
        nowMs: deps.nowMs(),
      });
      return c.json({ ...issuanceJson(event, revoked), returned: body.data.return });
    });
  });

  return routes;
}

/** The answer to what a refusal of the issuances' domain says; its sentence names no code. */
function refusal({ code, message, facts }: IssuanceError): Response {
  const details = { detail: message, ...facts };
  if (code === "invalid_input") return problem("invalid_request", details);
  if (code !== "not_in_ledger_yet") return problem(code, details);
  return problem(code, details, { "retry-after": RETRY_AFTER_SECONDS });
}

function selectorOf(body: z.infer<typeof revocationBody>): Selector {
  if ("rank" in body) return { by: "rank", rank: body.rank };
  if ("memberId" in body) return { by: "member", memberId: body.memberId };
  return { by: "code", code: body.code };
}
