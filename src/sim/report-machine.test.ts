import { expect, test } from "bun:test";
import { commandLine } from "./report-machine.ts";

test("a command line can be pasted, and tells no secret", () => {
  expect(commandLine(["simulate", "--expect", "p99(issued) < 5ms", "--event", "it's"])).toBe(
    "couponlive simulate --expect 'p99(issued) < 5ms' --event 'it'\\''s'",
  );
  expect(commandLine(["simulate", "--redis", "redis://user:hunter2@host:6379/1"])).toBe(
    "couponlive simulate --redis 'redis://***@host:6379/1'",
  );
  expect(commandLine(["simulate", "--redis=rediss://:p@ss@host"])).not.toContain("ss@");
  const db = commandLine(["--db", "libsql://x.turso.io?authToken=eyJh&tls=1"]);
  expect(db).toBe("couponlive --db 'libsql://x.turso.io?authToken=***&tls=1'");
});
