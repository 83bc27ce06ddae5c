/** One call of every route that is right: what it answers depends on who asks. */
import { type Call, PASSWORD, type World } from "./world.ts";

const EVENT = "/v1/admin/events/open";
const SPARE = "/v1/admin/events/spare";

/** By the names of operations (documented.ts). */
export const CALLS: Readonly<Record<string, (world: World) => Call>> = {
  "POST /v1/events/{id}/claims": () => ({ call: "POST /v1/events/open/claims" }),
  "GET /v1/events/{id}/claims/me": () => ({ call: "GET /v1/events/open/claims/me" }),

  "GET /v1/events": () => ({ call: "GET /v1/events" }),
  "GET /v1/events/{id}": () => ({ call: "GET /v1/events/open" }),
  "GET /v1/events/{id}/live": () => ({ call: "GET /v1/events/open/live" }),

  "POST /v1/auth/login": ({ kim: { email } }) => ({
    call: "POST /v1/auth/login",
    body: { email, password: PASSWORD },
  }),
  "POST /v1/users": () => ({
    call: "POST /v1/users",
    body: { email: `${crypto.randomUUID()}@example.test`, password: PASSWORD },
  }),
  "GET /v1/me": () => ({ call: "GET /v1/me" }),
  "GET /v1/me/coupons": () => ({ call: "GET /v1/me/coupons" }),

  "GET /v1/admin/events": () => ({ call: "GET /v1/admin/events" }),
  "POST /v1/admin/events": () => ({
    call: "POST /v1/admin/events",
    body: { id: "made", name: "Made" },
  }),
  "GET /v1/admin/events/{id}": () => ({ call: `GET ${EVENT}` }),
  "PATCH /v1/admin/events/{id}": () => ({ call: `PATCH ${EVENT}`, body: { windowsPerDay: 9 } }),
  "DELETE /v1/admin/events/{id}": () => ({ call: "DELETE /v1/admin/events/unused" }),
  "POST /v1/admin/events/{id}/pause": () => ({ call: `POST ${SPARE}/pause` }),
  "POST /v1/admin/events/{id}/resume": () => ({ call: `POST ${SPARE}/resume` }),
  "POST /v1/admin/events/{id}/end": () => ({ call: "POST /v1/admin/events/closing/end" }),
  "POST /v1/admin/events/{id}/restock": () => ({
    call: `POST ${SPARE}/restock`,
    body: { stock: 900 },
  }),
  "POST /v1/admin/events/{id}/clone": () => ({
    call: `POST ${EVENT}/clone`,
    body: { id: "cloned", name: "Cloned" },
  }),
  "PUT /v1/admin/events/{id}/codes": () => ({
    call: "PUT /v1/admin/events/brought/codes",
    body: "OWN-1\nOWN-2\n",
  }),
  "GET /v1/admin/events/{id}/audit": () => ({ call: `GET ${SPARE}/audit` }),
  "GET /v1/admin/events/{id}/windows": () => ({ call: `GET ${EVENT}/windows` }),
  "POST /v1/admin/events/{id}/windows": () => ({
    call: `POST ${SPARE}/windows`,
    body: { windows: [{ opensAt: "2099-12-02T10:00" }] },
  }),
  "DELETE /v1/admin/events/{id}/windows/{windowId}": ({ farWindowId }) => ({
    call: `DELETE ${SPARE}/windows/${farWindowId}`,
  }),

  "GET /v1/admin/events/{id}/issuances": () => ({ call: `GET ${EVENT}/issuances` }),
  "GET /v1/admin/events/{id}/issuances/{rank}": () => ({ call: `GET ${EVENT}/issuances/1` }),
  "GET /v1/admin/events/{id}/issuances.csv": () => ({ call: `GET ${EVENT}/issuances.csv` }),
  "GET /v1/admin/events/{id}/issuances.ndjson": () => ({ call: `GET ${EVENT}/issuances.ndjson` }),
  "GET /v1/admin/events/{id}/stats": () => ({ call: `GET ${EVENT}/stats` }),
  "GET /v1/admin/events/{id}/why/{memberId}": () => ({ call: `GET ${EVENT}/why/alice` }),
  "POST /v1/coupons/{code}/redeem": ({ code }) => ({
    call: `POST /v1/coupons/${code}/redeem`,
    headers: { "idempotency-key": "order-1" },
  }),
  "POST /v1/admin/events/{id}/revocations": () => ({
    call: `POST ${EVENT}/revocations`,
    body: { memberId: "bob", reason: "two accounts" },
  }),

  "GET /v1/admin/users": () => ({ call: "GET /v1/admin/users" }),
  "POST /v1/admin/users": () => ({
    call: "POST /v1/admin/users",
    body: { id: "made", name: "Made" },
  }),
  "GET /v1/admin/users/{id}": ({ kim }) => ({ call: `GET /v1/admin/users/${kim.memberId}` }),
  "PATCH /v1/admin/users/{id}": ({ kim }) => ({
    call: `PATCH /v1/admin/users/${kim.memberId}`,
    body: { name: "Kim" },
  }),

  "GET /healthz": () => ({ call: "GET /healthz" }),
  "GET /readyz": () => ({ call: "GET /readyz" }),
  "GET /openapi.json": () => ({ call: "GET /openapi.json" }),
  "GET /docs": () => ({ call: "GET /docs" }),
  "GET /docs/{asset}": () => ({ call: "GET /docs/start.js" }),
};
