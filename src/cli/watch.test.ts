/** `couponlive watch` as one who looks on meets it. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { runProgram, startProgram } from "../../test/support/program.ts";
import { TestServer } from "../../test/support/server.ts";
import { expectRestored, TerminalSession } from "../../test/support/terminal.ts";
import { changeCatalogue } from "../server/events/change.ts";
import { liveSnapshotSchema } from "../server/http/live-schema.ts";

/** Starts programs; a slow machine must not fail it. */
setDefaultTimeout(60_000);

async function endEvent(id: string): Promise<void> {
  await changeCatalogue(server.database, async (transaction, revision) => {
    await transaction.run(`UPDATE events SET ended = 1, revision = ${revision} WHERE id = '${id}'`);
  });
}

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.create();
  await server.start();
});
afterAll(() => server[Symbol.asyncDispose]());

/** An event of which one coupon is gone. */
async function openEvent(id: string): Promise<void> {
  await server.openEvent({ name: id, id, stock: 100 });
  await server.firstClaim(id, "first");
}

test("off a terminal it prints lines, or JSON, until the event has ended", async () => {
  await openEvent("brief");
  const args = ["watch", "brief", "--url", server.url];
  await using plain = startProgram(args);
  await using json = startProgram([...args, "--json"]);
  await plain.readUntil(/^\d\d:\d\d:\d\dZ {2}open {2}left 99 of 100 {2}/);
  await json.readUntil(/"issued":1,/);
  await server.claim("brief", "second");
  await plain.readUntil(/ left 98 of 100 /);
  await endEvent("brief");
  const [lines, snapshots] = await Promise.all([plain.ended, json.ended]);
  expect([lines.exitCode, snapshots.exitCode]).toEqual([0, 0]);
  expect(lines.stdout).not.toContain("\u001b");
  expect(lines.stdout).toContain("  ended  left 98 of 100");
  const states = snapshots.stdout
    .trim()
    .split("\n")
    .map((line) => liveSnapshotSchema.parse(JSON.parse(line)).state);
  expect([states[0], states.at(-1)]).toEqual(["open", "ended"]);
  expect(lines.stderr + snapshots.stderr).toBe("");
});

test("no such server, no such event, no address: one line each", async () => {
  const cases = [
    [["nowhere", "--url", server.url], 1, "does not know the event nowhere"],
    [["watched", "--url", "http://127.0.0.1:1"], 1, "http://127.0.0.1:1 does not answer"],
    [["watched", "--url", "localhost:8080"], 2, "is not a server's address"],
    [["watched", "--url", ""], 2, "is not a server's address"],
  ] as const;
  const results = await Promise.all(cases.map(([args]) => runProgram(["watch", ...args])));
  for (const [index, [, exitCode, says]] of cases.entries()) {
    expect(results[index]).toMatchObject({ exitCode, stdout: "" });
    expect(results[index]?.stderr.trim().split("\n")).toEqual([expect.stringContaining(says)]);
  }
});

describe.skipIf(process.platform !== "linux")("on a terminal", () => {
  test("the view shows the stock; keys work; q leaves the terminal as it was", async () => {
    await openEvent("seen");
    await using session = new TerminalSession(["watch", "seen", "--url", server.url], 80, 24);
    await session.until(/stock +99 of 100 left/);
    await session.until(/ledger backlog 0/);
    await server.claim("seen", "second");
    await session.until(/stock +98 of 100 left/);
    session.press("?");
    await session.until(/hold the display still/);
    session.press("p");
    await session.until(/display paused/);
    session.press("q");
    const lastWords = await session.end();
    expectRestored(lastWords);
    expect(lastWords).toContain("exit 0");
  });
});

test("it comes again when the server is back, and a signal ends it", async () => {
  await openEvent("lasting");
  await using watching = startProgram(["watch", "lasting", "--url", server.url]);
  await watching.readUntil(/ left 99 of 100 /);
  await server.program?.stop();
  await watching.readUntil(/^the feed was lost \(.*\): trying again$/);
  await using again = startProgram(["serve", "--port", new URL(server.url).port], {
    env: server.env,
  });
  await again.readUntil(/"msg":"listening"/);
  await watching.readUntil(/^the feed is back$/);
  expect(await watching.stop()).toMatchObject({ exitCode: 0 });
});
