import { expect, test } from "bun:test";
import { join } from "node:path";
import { startRedis } from "../../../test/support/redis.ts";
import { temporaryDirectory } from "../../../test/support/temp.ts";
import { EXIT } from "../../exit-codes.ts";
import { openDatabase } from "../database.ts";
import { createEvent } from "../events/administration.ts";
import { verifyStoredEvent } from "./verify-stored.ts";

test("a Redis that has never heard of the event is refused, not compared", async () => {
  const folder = temporaryDirectory();
  await using redis = await startRedis({ persistence: "none" });
  const config = { db: join(folder.path, "ledger.db"), dbToken: undefined };
  const database = await openDatabase(config.db);
  await createEvent(database, { id: "elsewhere", name: "Elsewhere" });
  database.close();
  const refusal = verifyStoredEvent(config, "elsewhere", redis.url);
  expect(await refusal.catch((error: unknown) => error)).toMatchObject({
    exitCode: EXIT.failed,
    message: expect.stringContaining("this Redis does not know the event elsewhere"),
  });
  expect(await verifyStoredEvent(config, "elsewhere", undefined)).toMatchObject({ ok: true });
  folder.remove();
});
