/** `/v1/admin/users`: members' accounts, for administrators. */
import { type Context, Hono } from "hono";
import type { z } from "zod";
import { AccountError, unknownMember } from "../members/account-error.ts";
import { createMember, findMember, type MemberRecord } from "../members/accounts.ts";
import { changeMember } from "../members/administration.ts";
import { MAX_MEMBERS_PAGE_ROWS } from "../members/limits.ts";
import { listMembers } from "../members/listing.ts";
import { accountProblem } from "./account-problem.ts";
import { administratorOf } from "./administrator.ts";
import { readJson } from "./body.ts";
import type { Dependencies } from "./dependencies.ts";
import { problem } from "./problem.ts";
import {
  newUserBody,
  userChangeBody,
  type userSchema,
  type usersPageSchema,
  usersQuery,
} from "./users-schema.ts";

/** The routes of accounts. Every change is audited as the administrator's whose token asks. */
export function adminUserRoutes(deps: Dependencies): Hono {
  const { database, nowMs } = deps;
  const routes = new Hono();

  /** Answers with the account, or with why not; and nobody but an administrator. */
  const answerMember = async (
    c: Context,
    status: 200 | 201,
    work: (actor: `member:${string}`) => Promise<MemberRecord>,
  ) => {
    const administrator = administratorOf(c);
    try {
      const member = await work(`member:${administrator.memberId}`);
      c.header("cache-control", "no-store");
      return c.json(describe(member), status);
    } catch (error) {
      return accountProblem(error, deps);
    }
  };

  routes.get("/v1/admin/users", async (c) => {
    administratorOf(c);
    const query = usersQuery.safeParse(c.req.query());
    if (!query.success) {
      const detail = `there are \`emailPrefix\`, \`afterId\` and \`limit\`, which is from 1 to ${MAX_MEMBERS_PAGE_ROWS}`;
      return problem("invalid_request", { detail });
    }
    const { members, nextAfterId } = await listMembers(database, query.data);
    c.header("cache-control", "no-store");
    return c.json({ users: members.map(describe), nextAfterId } satisfies z.infer<
      typeof usersPageSchema
    >);
  });

  routes.post("/v1/admin/users", async (c) => {
    const body = newUserBody.safeParse(await readJson(c.req.raw));
    return await answerMember(c, 201, async (actor) => {
      if (body.success) return await createMember(database, body.data, actor, nowMs());
      throw badBody("`email` or `id`, and, if you like, `name`, `password` and `role`");
    });
  });

  routes.get("/v1/admin/users/:id", async (c) => {
    return await answerMember(c, 200, async () => {
      const member = await findMember(database, c.req.param("id"));
      if (member === undefined) throw unknownMember();
      return member;
    });
  });

  routes.patch("/v1/admin/users/:id", async (c) => {
    const body = userChangeBody.safeParse(await readJson(c.req.raw));
    return await answerMember(c, 200, async (actor) => {
      if (!body.success) throw badBody("one or more of `active`, `role`, `name` and `password`");
      return await changeMember(database, c.req.param("id"), body.data, actor, nowMs());
    });
  });

  return routes;
}

function badBody(fields: string): AccountError {
  return new AccountError("invalid_input", `send JSON with ${fields}`);
}

function describe({ createdAtMs, ...member }: MemberRecord): z.infer<typeof userSchema> {
  return { ...member, createdAt: new Date(createdAtMs).toISOString() };
}
