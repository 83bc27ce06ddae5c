/** Administrators' calls on members' accounts, in the HTTP reference. */
import { z } from "zod";
import {
  newUserBody,
  userChangeBody,
  userSchema,
  usersPageSchema,
  usersQuery,
} from "../users-schema.ts";
import { json, jsonBody, type Operation, type Parameter, query } from "./operation.ts";

const memberId: Parameter = {
  name: "id",
  in: "path",
  required: true,
  description: "The member's id.",
  schema: z.string(),
  example: "0193a5e2-7c1d-7e4b-9a53-0d8f2f6f7a10",
};

const user: z.infer<typeof userSchema> = {
  memberId: "0193a5e2-7c1d-7e4b-9a53-0d8f2f6f7a10",
  email: "kim@example.com",
  name: "Kim",
  role: "member",
  active: true,
  hasPassword: true,
  createdAt: "2026-11-20T09:00:00.000Z",
};

export const memberAdministrationOperations: readonly Operation[] = [
  {
    method: "get",
    path: "/v1/admin/users",
    id: "listUsers",
    tag: "Member administration",
    summary: "Accounts, a page at a time in the order of ids",
    access: "administrator",
    query: query(usersQuery, {
      emailPrefix: "Only those whose e-mail begins so.",
      afterId: "`nextAfterId` of the page before.",
      limit: "How many at the most.",
    }),
    answers: [
      json(200, "A page; `nextAfterId` is `null` on the last.", "UsersPage", usersPageSchema, {
        page: { users: [user], nextAfterId: null },
      }),
    ],
    problems: ["invalid_request", "internal"],
  },
  {
    method: "post",
    path: "/v1/admin/users",
    id: "createUser",
    tag: "Member administration",
    summary: "Make an account",
    description: "An e-mail or an id is needed; a password only for who is to log in here.",
    access: "administrator",
    body: jsonBody("NewUser", newUserBody, {
      member: { email: "kim@example.com", name: "Kim", password: "correct horse battery" },
      outside: { id: "auth0|7" },
    }),
    answers: [json(201, "The account.", "User", userSchema, { user })],
    problems: ["id_taken", "email_taken", "internal", "overloaded"],
  },
  {
    method: "get",
    path: "/v1/admin/users/{id}",
    id: "getUser",
    tag: "Member administration",
    summary: "One account",
    access: "administrator",
    parameters: [memberId],
    answers: [json(200, "The account.", "User", userSchema, { user })],
    problems: ["unknown_member", "internal"],
  },
  {
    method: "patch",
    path: "/v1/admin/users/{id}",
    id: "changeUser",
    tag: "Member administration",
    summary: "Switch an account off or on, give a role, a name or a password",
    description:
      "What is left out stays. Every running server follows within a second. Tokens that were issued before a new password or role are valid until they expire; what a role allows is asked of the account each time.",
    access: "administrator",
    parameters: [memberId],
    body: jsonBody("UserChange", userChangeBody, { off: { active: false } }),
    answers: [json(200, "The account as it is now.", "User", userSchema, { user })],
    problems: ["unknown_member", "internal", "overloaded"],
  },
];
