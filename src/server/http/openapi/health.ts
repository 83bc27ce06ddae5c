/** Health checks in the HTTP reference. */
import { healthSchema, type Readiness, readinessSchema } from "../health-schema.ts";
import { json, type Operation } from "./operation.ts";

const ready: Readiness = {
  status: "ready",
  engine: "redis",
  checks: { accepting: true, engine: true, catalogue: true },
  queueDepth: 12,
  writerBacklog: 480,
  writerLagMs: 35,
  durability: {
    store: "redis",
    mayLose: "nothing",
    redis: { appendOnly: true, appendFsync: "always", save: "", replicas: 1 },
  },
  migrations: { applied: 3, known: 3, latest: "0002_operations" },
};

export const healthOperations: readonly Operation[] = [
  {
    method: "get",
    path: "/healthz",
    id: "checkLife",
    tag: "Operations",
    summary: "Whether the process lives",
    access: "anyone",
    answers: [json(200, "It does.", "Health", healthSchema, { alive: { status: "alive" } })],
    problems: [],
  },
  {
    method: "get",
    path: "/readyz",
    id: "checkReadiness",
    tag: "Operations",
    summary: "Whether claims can be decided, and how well they are kept",
    description:
      "`queueDepth` is how many claims wait for the engine in the process that answers; `writerBacklog` how many coupons are decided and not yet in the ledger, `writerLagMs` how long ago the oldest of them was. `durability.mayLose` says what a crash could lose of what was answered.",
    access: "anyone",
    answers: [
      json(200, "They can.", "Readiness", readinessSchema, { ready }),
      json(503, "They cannot; `checks` says what is wrong.", "Readiness", readinessSchema, {
        not_ready: {
          ...ready,
          status: "not_ready",
          checks: { ...ready.checks, engine: false },
          writerBacklog: null,
          writerLagMs: null,
          durability: null,
        },
      }),
    ],
    problems: ["internal"],
  },
];
