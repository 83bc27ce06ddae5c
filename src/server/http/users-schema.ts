/** What the routes of accounts take and answer. */
import { z } from "zod";
import { MAX_EMAIL_LENGTH } from "../members/account-rules.ts";
import { DEFAULT_MEMBERS_PAGE_ROWS, MAX_MEMBERS_PAGE_ROWS } from "../members/limits.ts";
import { MAX_MEMBER_ID_LENGTH } from "../members/member-id.ts";

const role = z.enum(["member", "admin"]);
const time = z.iso.datetime();
const memberId = z.string().min(1).max(MAX_MEMBER_ID_LENGTH);
/** Beyond its length, an e-mail is judged where accounts are made; a log-in tells nothing of it. */
const email = z.string().max(MAX_EMAIL_LENGTH);

/** `POST /v1/auth/login` */
export const loginBody = z.object({ email, password: z.string() });

export const loginSchema = z.object({
  token: z.string(),
  tokenType: z.literal("Bearer"),
  expiresInSeconds: z.int(),
});

/** `POST /v1/users` */
export const registrationBody = z.strictObject({
  email,
  password: z.string(),
  name: z.string().optional(),
});

export const registeredSchema = z.object({
  memberId,
  email: z.string(),
  name: z.string().nullable(),
});

/** `GET /v1/me` */
export const meSchema = z.object({
  memberId,
  email: z
    .string()
    .nullable()
    .describe("Null for a member without an account here, as for `name`."),
  name: z.string().nullable(),
  /** What the token and the account both allow. */
  role,
  tokenExpiresAt: time,
});

/** `GET /v1/me/coupons` */
export const myCouponsSchema = z.object({
  coupons: z.array(
    z.object({
      eventId: z.string(),
      eventName: z.string(),
      rank: z.int(),
      code: z.string(),
      coupon: z.object({
        kind: z.enum(["percent", "amount"]),
        value: z.int(),
        validUntil: time.nullable().describe("From then on it cannot be redeemed; null for never."),
      }),
      issuedAt: time,
      status: z.enum(["issued", "redeemed", "revoked"]),
    }),
  ),
});

/** `GET /v1/admin/users` */
export const usersQuery = z.strictObject({
  emailPrefix: email.optional(),
  afterId: memberId.optional(),
  limit: z
    .string()
    .regex(/^\d+$/)
    .transform(Number)
    .pipe(z.int().min(1).max(MAX_MEMBERS_PAGE_ROWS))
    .default(DEFAULT_MEMBERS_PAGE_ROWS),
});

/** An account, as administrators see it. */
export const userSchema = z.object({
  memberId,
  email: z.string().nullable(),
  name: z.string().nullable(),
  role,
  active: z.boolean(),
  hasPassword: z.boolean().describe("False for an account that cannot log in here."),
  createdAt: time,
});

export const usersPageSchema = z.object({
  users: z.array(userSchema),
  nextAfterId: memberId.nullable().describe("`afterId` of the next page; null on the last one."),
});

/** `POST /v1/admin/users`: an e-mail or an id is needed, and a password only to log in here. */
export const newUserBody = z
  .strictObject({
    id: memberId.optional(),
    email: email.optional(),
    name: z.string().optional(),
    password: z.string().optional(),
    role: role.optional(),
  })
  .refine((body) => body.id !== undefined || body.email !== undefined);

/** `PATCH /v1/admin/users/{id}`: what is left out stays. */
export const userChangeBody = z
  .strictObject({
    active: z.boolean(),
    role,
    name: z.string().nullable(),
    password: z.string(),
  })
  .partial()
  .refine((body) => Object.values(body).some((value) => value !== undefined));
