/** `/healthz`: the process lives. `/readyz`: it can decide claims, and how well they are kept. */
import { Hono } from "hono";
import { readMigrations } from "../database.ts";
import { WriterBacklog } from "./backlog.ts";
import type { Dependencies } from "./dependencies.ts";
import type { Readiness } from "./health-schema.ts";
import { checkReadiness } from "./readiness.ts";

/** What hardly ever changes is asked for this often at the most. */
const MAX_SETTINGS_AGE_MS = 5_000;

/** The routes of health checks. */
export function healthRoutes(deps: Dependencies): Hono {
  const { engine, combiner } = deps;
  const routes = new Hono();
  const writerBacklog = new WriterBacklog(deps);
  const settings = new Settings(deps);

  routes.get("/healthz", (c) => c.json({ status: "alive" }));

  routes.get("/readyz", async (c) => {
    // Before anything is awaited: the queue as this request found it.
    const { queueDepth } = combiner;
    const checks = await checkReadiness(deps);
    const ready = Object.values(checks).every((ok) => ok);
    const backlog = await writerBacklog.get();
    const body: Readiness = {
      status: ready ? "ready" : "not_ready",
      engine: engine.kind,
      checks,
      queueDepth,
      writerBacklog: backlog?.count ?? null,
      writerLagMs: backlog?.ageMs ?? null,
      ...(await settings.get()),
    };
    return c.json(body, ready ? 200 : 503);
  });

  return routes;
}

type SettingsFacts = Pick<Readiness, "durability" | "migrations">;

class Settings {
  private askedAtMs = Number.NEGATIVE_INFINITY;
  private answer: Promise<SettingsFacts> | undefined;

  constructor(private readonly source: Pick<Dependencies, "engine" | "database" | "nowMs">) {}

  async get(): Promise<SettingsFacts> {
    const nowMs = this.source.nowMs();
    if (this.answer === undefined || nowMs - this.askedAtMs >= MAX_SETTINGS_AGE_MS) {
      this.askedAtMs = nowMs;
      this.answer = this.read();
    }
    return await this.answer;
  }

  private async read(): Promise<SettingsFacts> {
    const { engine, database } = this.source;
    const [durability, migrations] = await Promise.all([
      engine.durability().catch(() => null),
      readMigrations(database.client).catch(() => null),
    ]);
    // What could not be told is asked for again.
    if (durability === null || migrations === null) this.askedAtMs = Number.NEGATIVE_INFINITY;
    return { durability, migrations };
  }
}
