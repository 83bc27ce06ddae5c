import { expect, setDefaultTimeout, test } from "bun:test";
import { blockLedger, unblockLedger } from "../../test/support/ledger.ts";
import { TestServer } from "../../test/support/server.ts";
import { DEFAULTS } from "../config.ts";
import { LastResort } from "./last-resort.ts";
import { setStage } from "./stage.ts";
import { awaitDrained } from "./standing.ts";

/** A slow machine must not fail it. */
setDefaultTimeout(60_000);

test("a server that answers is waited for, but not for ever", async () => {
  await using server = await TestServer.create();
  const event = await server.openEvent({ name: "Slow" });
  await server.start();
  await using resources = new AsyncDisposableStack();
  const stage = await setStage(
    {
      database: { db: server.path, dbToken: undefined },
      redisUrl: undefined,
      eventId: event.id,
      stock: 1,
      window: undefined,
      runMs: 1,
      seededMembers: 0,
      server: {
        url: new URL(server.url),
        tokens: { ...DEFAULTS, secret: "unused here", previousSecret: undefined },
      },
      webProcesses: 1,
    },
    resources,
    () => undefined,
    new LastResort(),
  );
  expect(stage.engine).toBe("embedded");
  await blockLedger(server.database);
  expect((await server.firstClaim(event.id, "first")).status).toBe(201);
  const answers = { serverAnswers: true, isReadable: true };
  expect(await awaitDrained(stage, 300)).toEqual({ ...answers, isDrained: false });
  await unblockLedger(server.database, event.id);
  expect(await awaitDrained(stage)).toEqual({ ...answers, isDrained: true });
});
