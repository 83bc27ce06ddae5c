/** What the calls on issuances are answered, beyond what is common. */
import { openApp } from "../../support/app.ts";
import { codeOf, openWorld, type Sample, sendAsAdmin, UNKNOWN_CODE } from "../world.ts";

const EVENT = "/v1/admin/events/open";
const ISSUANCES = "GET /v1/admin/events/{id}/issuances";
const WHY = "GET /v1/admin/events/{id}/why/{memberId}";
const REVOKE = "POST /v1/admin/events/{id}/revocations";
const REDEEM = "POST /v1/coupons/{code}/redeem";
const REASON = { reason: "a sample" };
const KEY = { "idempotency-key": "sample" };

export const issuanceSamples: Readonly<Record<string, Sample>> = {
  [`${ISSUANCES} 400 invalid_request`]: ({ at }) =>
    sendAsAdmin(at, `GET ${EVENT}/issuances?limit=0`),
  // The ledger is read without the engine; what has not come to it is asked of the engine.
  [`${ISSUANCES} 503 engine_unavailable`]: async ({ withoutEngine }) =>
    await sendAsAdmin((await withoutEngine()).at, `GET ${EVENT}/issuances?memberId=nobody`),
  [`${ISSUANCES}/{rank} 400 invalid_request`]: ({ at }) =>
    sendAsAdmin(at, `GET ${EVENT}/issuances/first`),
  [`${ISSUANCES}/{rank} 404 unknown_issuance`]: ({ at }) =>
    sendAsAdmin(at, `GET ${EVENT}/issuances/999`),
  ...exports("csv"),
  ...exports("ndjson"),
  [`${WHY} 400 invalid_request`]: ({ at }) => sendAsAdmin(at, `GET ${EVENT}/why/%00`),

  [`${REDEEM} 400 invalid_request`]: ({ at, code }) =>
    sendAsAdmin(at, `POST /v1/coupons/${code}/redeem`),
  [`${REDEEM} 404 unknown_coupon`]: ({ at }) =>
    sendAsAdmin(at, `POST /v1/coupons/${UNKNOWN_CODE}/redeem`, undefined, KEY),
  [`${REDEEM} 409 already_redeemed`]: async ({ at, code }) => {
    const call = `POST /v1/coupons/${code}/redeem`;
    await sendAsAdmin(at, call, undefined, { "idempotency-key": "one" });
    return await sendAsAdmin(at, call, undefined, { "idempotency-key": "another" });
  },
  [`${REDEEM} 410 coupon_revoked`]: async () => {
    const { at, code } = await openWorld();
    await sendAsAdmin(at, `POST ${EVENT}/revocations`, { code, ...REASON });
    return await sendAsAdmin(at, `POST /v1/coupons/${code}/redeem`, undefined, KEY);
  },
  [`${REDEEM} 410 coupon_expired`]: async () => {
    const at = await openApp();
    const brief = { id: "brief", name: "brief", validForMs: 1_000 };
    await sendAsAdmin(at, "POST /v1/admin/events", brief);
    await sendAsAdmin(at, "POST /v1/admin/events/brief/windows", { now: true });
    const code = await codeOf(at, "brief", "alice");
    at.moveClock(1_000);
    return await sendAsAdmin(at, `POST /v1/coupons/${code}/redeem`, undefined, KEY);
  },
  [`${REDEEM} 503 not_in_ledger_yet`]: async ({ withoutWriter }) => (await withoutWriter()).redeem,

  [`${REVOKE} 404 unknown_issuance`]: ({ at }) =>
    sendAsAdmin(at, `POST ${EVENT}/revocations`, { memberId: "nobody", ...REASON }),
  [`${REVOKE} 409 already_revoked`]: async ({ at }) => {
    const again = () => sendAsAdmin(at, `POST ${EVENT}/revocations`, { rank: 3, ...REASON });
    await again();
    return await again();
  },
  [`${REVOKE} 409 already_redeemed`]: async ({ at, code }) => {
    await sendAsAdmin(at, `POST /v1/coupons/${code}/redeem`, undefined, KEY);
    return await sendAsAdmin(at, `POST ${EVENT}/revocations`, { code, ...REASON });
  },
  [`${REVOKE} 503 not_in_ledger_yet`]: async ({ withoutWriter }) => (await withoutWriter()).revoke,
  [`${REVOKE} 409 cannot_return`]: async () => {
    const at = await openApp();
    await at.openEvent("open", [0]);
    await at.claim("open", "alice");
    await sendAsAdmin(at, `POST ${EVENT}/end`);
    return await sendAsAdmin(at, `POST ${EVENT}/revocations`, {
      rank: 1,
      return: true,
      ...REASON,
    });
  },
};

function exports(format: "csv" | "ndjson"): Record<string, Sample> {
  const name = `${ISSUANCES}.${format}`;
  const path = `GET ${EVENT}/issuances.${format}`;
  return {
    [`${name} 400 invalid_request`]: ({ at }) => sendAsAdmin(at, `${path}?status=lost`),
    [`${name} 503 overloaded`]: async ({ at }) => {
      // Files that nobody reads to their end.
      const files: Response[] = [];
      for (;;) {
        const answer = await sendAsAdmin(at, path);
        if (answer.status === 200) files.push(answer);
        else {
          for (const { body } of files) await body?.cancel();
          return answer;
        }
      }
    },
  };
}
