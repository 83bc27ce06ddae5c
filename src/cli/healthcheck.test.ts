import { expect, test } from "bun:test";
import { runProgram } from "../../test/support/program.ts";
import { TestServer } from "../../test/support/server.ts";
import { EXIT } from "../exit-codes.ts";

test("a server that lives is told from one that does not", async () => {
  await using server = await TestServer.create(["--host", "0.0.0.0"]);
  await server.start();
  const { port } = new URL(server.url);
  const env = { COUPONLIVE_HOST: "0.0.0.0", COUPONLIVE_PORT: port };
  const lives = await runProgram(["healthcheck"], { env });
  expect(lives).toMatchObject({ exitCode: EXIT.ok, stdout: '{"status":"alive"}\n' });
  expect((await runProgram(["healthcheck", "--ready"], { env })).exitCode).toBe(EXIT.ok);

  await server.program?.kill();
  const { exitCode, stderr } = await runProgram(["healthcheck"], { env });
  expect(exitCode).toBe(EXIT.failed);
  expect(stderr).toStartWith(
    `couponlive: the server does not answer at http://127.0.0.1:${port}/healthz`,
  );
  expect(stderr.trim().split("\n")).toHaveLength(1);
});
