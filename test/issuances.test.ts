/** Redeeming and giving back beside running servers, on both engines. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { z } from "zod";
import { findEvent } from "../src/server/events/administration.ts";
import { runProgram } from "./support/program.ts";
import { startRedis, type TestRedis } from "./support/redis.ts";
import { adminBearer, TestServer } from "./support/server.ts";

let redis: TestRedis;
beforeAll(async () => {
  redis = await startRedis({ persistence: "none" });
});
afterAll(() => redis.stop());

const engines = [
  { engine: "embedded", redisFlags: () => [], workers: "1" },
  { engine: "redis, two web processes", redisFlags: () => ["--redis", redis.url], workers: "2" },
];

const problemCode = z.looseObject({ code: z.string() });

for (const { engine, redisFlags, workers } of engines) {
  const flags = () => [...redisFlags(), "--workers", workers];

  describe(engine, () => {
    test("a coupon that was issued a moment ago is redeemed once, whoever asks at once", async () => {
      await using server = await TestServer.create(flags());
      const event = await server.openEvent({ name: "redeem", stock: 100 });
      await server.start();
      const { code } = (await server.firstClaim(event.id, "kim")).body;
      const redeem = async (key: string) => {
        const response = await fetch(`${server.url}/v1/coupons/${code}/redeem`, {
          method: "POST",
          headers: { ...adminBearer("root"), "idempotency-key": key },
        });
        return { status: response.status, body: problemCode.parse(await response.json()) };
      };
      const cli = async (key: string) =>
        await runProgram(["issuance", "redeem", code, "--key", key, ...redisFlags()], {
          env: server.env,
        });
      const [overHttp, byCommand] = await Promise.all([
        Promise.all(["a", "b", "c", "d", "e", "f"].map(redeem)),
        cli("g"),
      ]);
      const won = overHttp.filter(({ status }) => status === 200).length;
      expect(won + (byCommand.exitCode === 0 ? 1 : 0)).toBe(1);
      for (const { status, body } of overHttp) {
        if (status !== 200) expect(body.code).toBe("already_redeemed");
      }
    });

    test("a coupon that is given back goes to the next claim, once; why says who was refused", async () => {
      await using server = await TestServer.create(flags());
      const event = await server.openEvent({ name: "return", stock: 2 });
      await server.start();
      const kim = await server.firstClaim(event.id, "kim");
      await server.claim(event.id, "lee");
      expect((await server.claim(event.id, "late")).body.code).toBe("sold_out");
      const revoked = await runProgram(
        [
          ...["issuance", "revoke", event.id, "--member", "kim"],
          ...["--reason", "two accounts", "--return", ...redisFlags()],
        ],
        { env: server.env },
      );
      expect(revoked).toMatchObject({
        exitCode: 0,
        stderr: "",
        stdout: expect.stringContaining("rank 1 of event"),
      });
      // The server follows within a second; claims are answered all the while.
      let late = await server.claim(event.id, "late");
      while (late.body.code === "sold_out") {
        await Bun.sleep(20);
        late = await server.claim(event.id, "late");
      }
      expect(late).toMatchObject({ status: 201, body: { rank: 3 } });
      const again = await server.claim(event.id, "kim");
      expect(again.body).toEqual({ ...kim.body, status: "already_issued" });
      expect((await server.claim(event.id, "later")).body.code).toBe("sold_out");
      expect((await server.program?.stop())?.exitCode).toBe(0);
      expect(await findEvent(server.database, event.id)).toMatchObject({ stock: 2, returned: 1 });
      const why = async (member: string, ...more: string[]) =>
        await runProgram(["why", event.id, member, ...more], { env: server.env });
      const [pressing, json, holder, nobody] = await Promise.all([
        why("late"),
        why("later", "--json"),
        why("kim"),
        why("nobody"),
      ]);
      expect(pressing.stdout).toMatch(
        /^refused .*: sold_out at .*: the stock ran out .* earlier\n/,
      );
      expect(pressing.stdout).toMatch(/\nissued rank 3 at .* after window \d+ opened\n$/);
      expect(JSON.parse(json.stdout)).toMatchObject({
        outcome: "refused",
        refusals: { times: 1, first: { outcome: "sold_out", lateByMs: expect.any(Number) } },
      });
      expect(holder.stdout).toMatch(
        /^issued rank 1 at .*\nthe coupon was revoked at .*: two accounts\n$/,
      );
      expect(nobody.stdout).toContain("no claim of member nobody is known");
      const verified = await runProgram(["verify", event.id, ...redisFlags()], {
        env: server.env,
      });
      expect(verified).toMatchObject({ exitCode: 0, stderr: "" });
    });
  });
}
