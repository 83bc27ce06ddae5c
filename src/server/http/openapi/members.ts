/** Members' own accounts in the HTTP reference. */
import {
  loginBody,
  loginSchema,
  meSchema,
  myCouponsSchema,
  registeredSchema,
  registrationBody,
} from "../users-schema.ts";
import { json, jsonBody, type Operation } from "./operation.ts";

const memberId = "0193a5e2-7c1d-7e4b-9a53-0d8f2f6f7a10";
const email = "kim@example.com";
const password = "correct horse battery";

export const memberOperations: readonly Operation[] = [
  {
    method: "post",
    path: "/v1/auth/login",
    id: "logIn",
    tag: "Members",
    summary: "A token for an e-mail and a password",
    description:
      "An unknown address and a wrong password are answered the same, in the same time. Failures are counted by account and by address.",
    access: "anyone",
    body: jsonBody("Credentials", loginBody, { credentials: { email, password } }),
    answers: [
      json(200, "The token.", "Login", loginSchema, {
        login: { token: "eyJhbGciOi…", tokenType: "Bearer", expiresInSeconds: 43_200 },
      }),
    ],
    problems: ["invalid_credentials", "too_many_attempts", "internal", "overloaded"],
  },
  {
    method: "post",
    path: "/v1/users",
    id: "register",
    tag: "Members",
    summary: "Make an account of one's own",
    description: "Only where the server is told to let anybody do so (`--registration on`).",
    access: "anyone",
    body: jsonBody("Registration", registrationBody, {
      registration: { email, password, name: "Kim" },
    }),
    answers: [
      json(201, "The account, which can log in now.", "Registered", registeredSchema, {
        registered: { memberId, email, name: "Kim" },
      }),
    ],
    problems: ["registration_closed", "email_taken", "too_many_attempts", "internal", "overloaded"],
  },
  {
    method: "get",
    path: "/v1/me",
    id: "getMe",
    tag: "Members",
    summary: "Who the caller is",
    description:
      "`role` is what the token and the account both allow. A member of an outside identity provider may have no account here; `email` and `name` are `null` then.",
    access: "member",
    answers: [
      json(200, "The caller.", "Me", meSchema, {
        me: {
          memberId,
          email,
          name: "Kim",
          role: "member",
          tokenExpiresAt: "2026-11-22T22:00:00.000Z",
        },
      }),
    ],
    problems: ["internal"],
  },
  {
    method: "get",
    path: "/v1/me/coupons",
    id: "listOwnCoupons",
    tag: "Members",
    summary: "The caller's coupons, of all events",
    access: "member",
    answers: [
      json(200, "The coupons.", "OwnCoupons", myCouponsSchema, {
        coupons: {
          coupons: [
            {
              eventId: "launch",
              eventName: "Launch",
              rank: 1,
              code: "DY5E-K6XW-FG96-WN9W",
              coupon: { kind: "percent", value: 50, validUntil: "2026-12-22T15:00:00.000Z" },
              issuedAt: "2026-11-22T10:00:00.202Z",
              status: "issued",
            },
          ],
        },
      }),
    ],
    problems: ["internal", "engine_unavailable"],
  },
];
