/** The metrics as Prometheus gets them, of the real program on both engines. */
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { runProgram } from "../../../test/support/program.ts";
import { startRedis } from "../../../test/support/redis.ts";
import { TestServer } from "../../../test/support/server.ts";

/** Starts programs; a slow machine must not fail it. */
setDefaultTimeout(60_000);

/** Of a process that lives none of these is 0. */
const PROCESS_FIGURES = [
  "process_cpu_user_seconds_total",
  "process_resident_memory_bytes",
  "process_open_fds",
  "nodejs_eventloop_lag_p99_seconds",
  "nodejs_eventloop_lag_max_seconds",
];

interface Sample {
  readonly name: string;
  readonly labels: string;
  readonly value: number;
}

/** The samples of a scrape. */
async function scrape(url: string): Promise<Sample[]> {
  const text = await (await fetch(url)).text();
  return text.split("\n").flatMap((line) => {
    const [, name, labels = "", value] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
    return name === undefined ? [] : [{ name, labels, value: Number(value) }];
  });
}

/** The sum of a metric over all samples whose labels hold these. */
function sum(samples: readonly Sample[], name: string, ...labels: readonly string[]): number {
  return samples
    .filter((each) => each.name === name && labels.every((label) => each.labels.includes(label)))
    .reduce((total, { value }) => total + value, 0);
}

/** What docs/metrics.md lists, with the engine on which each is there. */
async function documented(): Promise<{ readonly name: string; readonly redisOnly: boolean }[]> {
  const page = await Bun.file(new URL("../../../docs/metrics.md", import.meta.url)).text();
  return [...page.matchAll(/^\| `(\w+)` \|(.*)$/gm)].map(([, name = "", rest = ""]) => ({
    name,
    redisOnly: rest.includes("redis only"),
  }));
}

/** Names without what a histogram adds to its own. */
function familiesOf(samples: readonly Sample[]): string[] {
  const families = samples.map(({ name }) => name.replace(/_(bucket|sum|count)$/, ""));
  return [...new Set(families)];
}

async function startServer(flags: readonly string[]) {
  const server = await TestServer.create([...flags, "--metrics-port", "0"]);
  const event = await server.openEvent({ name: "Metered", stock: 40 });
  await server.start();
  const [, metrics = ""] = (await server.program?.readUntil(/"metrics":"([^"]+)"/)) ?? [];
  await server.firstClaim(event.id, "first");
  const members = Array.from({ length: 49 }, (_, number) => `m${number}`);
  await Promise.all(members.map((member) => server.claim(event.id, member)));
  return { server, event, metrics };
}

test("alert rules and dashboard name only metrics that there are", async () => {
  const known = new Set((await documented()).map(({ name }) => name));
  expect(known.size).toBeGreaterThan(20);
  for (const file of ["alerts.yml", "grafana.json"]) {
    const text = await Bun.file(
      new URL(`../../../docs/monitoring/${file}`, import.meta.url),
    ).text();
    const named = text.match(/\b(couponlive|process|nodejs)_\w+/g) ?? [];
    const families = named.map((name) => name.replace(/_(bucket|sum|count)$/, ""));
    expect(families.length).toBeGreaterThan(10);
    expect(families.filter((name) => !known.has(name))).toEqual([]);
  }
});

test.skipIf(Bun.which("promtool") === null)("promtool takes the alert rules", () => {
  const rules = new URL("../../../docs/monitoring/alerts.yml", import.meta.url).pathname;
  const { exitCode, stderr } = Bun.spawnSync(["promtool", "check", "rules", rules]);
  expect(stderr.toString()).toBe("");
  expect(exitCode).toBe(0);
});

test("embedded: claims, stock and all that is documented", async () => {
  const { server, event, metrics } = await startServer([]);
  await using _ = server;
  await fetch(`${server.url}/v1/events/${event.id}/claims`, { method: "POST" });
  await fetch(`${server.url}/healthz`);
  await fetch(`${server.url}/nowhere`);
  const samples = await scrape(metrics);
  const event_ = `event="${event.id}"`;
  expect(sum(samples, "couponlive_claims_total", event_, 'outcome="issued"')).toBe(40);
  expect(sum(samples, "couponlive_claims_total", event_, 'outcome="sold_out"')).toBe(10);
  expect(sum(samples, "couponlive_claim_batch_size_sum")).toBe(50);
  expect(sum(samples, "couponlive_engine_call_seconds_count")).toBeGreaterThan(0);
  for (const name of PROCESS_FIGURES) expect(sum(samples, name)).toBeGreaterThan(0);
  expect(sum(samples, "couponlive_event_remaining", event_)).toBe(0);
  expect(sum(samples, "couponlive_event_window_open", event_)).toBe(1);
  expect(sum(samples, "couponlive_ready", 'check="engine"')).toBe(1);
  expect(sum(samples, "couponlive_http_requests_total", 'route="health"', '"200"')).toBe(1);
  expect(sum(samples, "couponlive_http_requests_total", 'route="claims"', '"401"')).toBe(1);
  expect(sum(samples, "couponlive_http_requests_total", 'route="other"', '"404"')).toBe(1);
  const listed = (await documented()).filter(({ redisOnly }) => !redisOnly);
  // Without a window to come there is no moment to tell.
  const absent = ["couponlive_event_next_window_timestamp_seconds"];
  expect(new Set([...familiesOf(samples), ...absent])).toEqual(
    new Set(listed.map(({ name }) => name)),
  );
  expect((await fetch(new URL("/", metrics))).status).toBe(404);

  await using other = await TestServer.create();
  const { port } = new URL(metrics);
  const second = await runProgram(["serve", "--port", "0", "--metrics-port", port], {
    env: other.env,
  });
  expect(second.exitCode).toBe(1);
  expect(second.stderr).toContain(`metrics cannot be served at 127.0.0.1:${port}`);
});

describe("redis", () => {
  test("two web processes: one scrape has them all, and survives the death of one", async () => {
    await using redis = await startRedis({ persistence: "none" });
    const { server, event, metrics } = await startServer(["--redis", redis.url, "--workers", "2"]);
    await using _ = server;
    const samples = await scrape(metrics);
    const event_ = `event="${event.id}"`;
    expect(sum(samples, "couponlive_claims_total", event_, 'outcome="issued"')).toBe(40);
    expect(sum(samples, "couponlive_claims_total", event_, 'outcome="sold_out"')).toBe(10);
    expect(sum(samples, "couponlive_event_issued", event_)).toBe(40);
    expect(sum(samples, "couponlive_web_processes")).toBe(2);
    const live = await fetch(`${server.url}/v1/events/${event.id}/live`);
    for await (const chunk of live.body ?? []) {
      const [, data] = /^data: (.*)$/m.exec(new TextDecoder().decode(chunk)) ?? [];
      if (data === undefined) continue;
      // What other processes refuse is not known.
      expect(JSON.parse(data)).toMatchObject({ issued: 40, refusedPerSecond: null });
      break;
    }
    expect(sum(samples, "process_resident_memory_bytes", 'process="web-1"')).toBeGreaterThan(0);
    expect(sum(samples, "process_resident_memory_bytes", 'process="web-2"')).toBeGreaterThan(0);
    const listed = new Set((await documented()).map(({ name }) => name));
    expect(familiesOf(samples).filter((name) => !listed.has(name))).toEqual([]);
    while (sum(await scrape(metrics), "couponlive_ledger_backlog") > 0) await Bun.sleep(20);
    const [, child = ""] = await Bun.file(
      `/proc/${server.program?.pid}/task/${server.program?.pid}/children`,
    )
      .text()
      .then((text) => /^(\d+)/.exec(text) ?? []);
    process.kill(Number(child), "SIGKILL");
    for (;;) {
      const now = await scrape(metrics);
      if (
        sum(now, "couponlive_web_process_deaths_total") === 1 &&
        sum(now, "couponlive_web_processes") === 2
      )
        break;
      await Bun.sleep(50);
    }
    expect(await server.program?.stop()).toMatchObject({ exitCode: 0 });
  });
});
