/** What the real program's log tells, and what it must not. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { z } from "zod";
import { runProgram, startProgram } from "../../test/support/program.ts";
import { bearer, TestServer } from "../../test/support/server.ts";
import { temporaryDirectory } from "../../test/support/temp.ts";
import { codeForRank } from "./claims/code.ts";
import { createMember } from "./members/accounts.ts";

/** Starts programs; a slow machine must not fail it. */
setDefaultTimeout(60_000);

const PASSWORD = "correct horse battery";
const EMAIL = "alice.example@example.test";

const lineSchema = z.looseObject({ level: z.number(), msg: z.string() });

test("a rush with errors tells of requests, and no token, code, e-mail, password or member", async () => {
  await using server = await TestServer.create();
  const event = await server.openEvent({ name: "Logged", stock: 30 });
  await createMember(server.database, { email: EMAIL, password: PASSWORD }, "cli:test");
  await server.start();
  const members = Array.from({ length: 40 }, (_, number) => `member-secret-${number}`);
  await server.firstClaim(event.id, "member-secret-0");
  await Promise.all(members.map((member) => server.claim(event.id, member)));
  const token = bearer("member-secret-1").authorization.replace("Bearer ", "");
  const claims = `${server.url}/v1/events/${event.id}/claims`;
  await fetch(`${claims}?token=${token}`, { method: "POST" });
  await fetch(claims, { method: "POST", headers: { authorization: `Bearer ${token}x` } });

  // Now things break: the database loses tables under the server.
  const execute = (sql: string) => server.database.client.execute(sql);
  await execute("ALTER TABLE outbox RENAME TO outbox_away");
  await execute("ALTER TABLE users RENAME TO users_away");
  const failed = await fetch(claims, {
    method: "POST",
    headers: { ...bearer("member-secret-99"), "x-request-id": "the-claim" },
  });
  const login = await fetch(`${server.url}/v1/auth/login`, {
    method: "POST",
    headers: { "x-request-id": "the-login" },
    body: JSON.stringify({ email: EMAIL, password: PASSWORD }),
  });
  await execute("ALTER TABLE outbox_away RENAME TO outbox");
  await execute("ALTER TABLE users_away RENAME TO users");
  await server.program?.stop();
  const { stdout = "", stderr = "" } = server.program ?? {};
  const log = stdout + stderr;
  const lines = log
    .trim()
    .split("\n")
    .map((line) => lineSchema.parse(JSON.parse(line)));

  // A claim of a sold-out event may be refused without the table; a login cannot do without.
  expect(login.status).toBe(500);
  expect(login.headers.get("x-request-id")).toBe("the-login");
  expect(failed.headers.get("x-request-id")).toBe("the-claim");
  const failure = lines.find((line) => line["requestId"] === "the-login");
  expect(failure).toMatchObject({ level: 50, msg: "request failed", route: "/v1/auth/login" });

  const secrets = [
    ...[token, token.split(".")[1] ?? "", EMAIL, PASSWORD, "member-secret", "alice"],
    server.env["COUPONLIVE_JWT_SECRET"] ?? "",
    ...Array.from({ length: 30 }, (_, index) => codeForRank(event, index + 1)),
    Buffer.from(event.codeKey).toString("hex"),
  ];
  for (const secret of secrets) expect(log).not.toContain(secret);
});

test("what is logged by mistake is hidden, and level and format can be chosen", async () => {
  const script = `
    import { createLog } from ${JSON.stringify(new URL("./log.ts", import.meta.url).pathname)};
    for (const format of ["json", "pretty"]) {
      const log = createLog("test", { level: "warn", format });
      log.info("unseen");
      log.warn({ member: { email: "a@b.test", memberId: "bob" }, token: "abc.def" }, "seen");
    }`;
  const child = Bun.spawn([process.execPath, "-e", script], { stdout: "pipe" });
  const output = await new Response(child.stdout).text();
  expect(output.match(/seen/g)).toHaveLength(2);
  expect(output.match(/\[hidden\]/g)).toHaveLength(6);
  for (const hidden of ["unseen", "a@b.test", "bob", "abc.def"]) {
    expect(output).not.toContain(hidden);
  }
});

test("serve takes a level and a format, and refuses others by name", async () => {
  using folder = temporaryDirectory();
  const run = { cwd: folder.path };
  const wrong = await runProgram(["serve", "--dev", "--log-level", "loud"], run);
  expect(wrong.exitCode).toBe(2);
  expect(wrong.stderr).toBe(
    'couponlive: --log-level, COUPONLIVE_LOG_LEVEL must be trace or debug or info or warn or error or fatal or silent, not "loud"\n',
  );
  await using program = startProgram(["serve", "--dev", "--port", "0"], {
    ...run,
    env: { COUPONLIVE_LOG_FORMAT: "pretty" },
  });
  await program.readUntil(/INFO.*listening/);
});
