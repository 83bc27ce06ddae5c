/** The answers of `/healthz` and `/readyz`. */
import { z } from "zod";

export const healthSchema = z.object({ status: z.literal("alive") });

const unknown = z.literal("unknown");

export const readinessSchema = z.object({
  status: z.enum(["ready", "not_ready"]),
  engine: z.enum(["embedded", "redis"]),
  checks: z.object({ accepting: z.boolean(), engine: z.boolean(), catalogue: z.boolean() }),
  queueDepth: z
    .int()
    .nonnegative()
    .describe("Claims that wait for the engine in the process that answers."),
  writerBacklog: z
    .int()
    .nonnegative()
    .nullable()
    .describe("Coupons issued and not in the ledger yet; null when that cannot be told."),
  writerLagMs: z
    .int()
    .nonnegative()
    .nullable()
    .describe("How long ago the oldest of them was issued."),
  /** What a crash may lose of what was answered; null when that cannot be told. */
  durability: z
    .object({
      store: z.enum(["file", "redis"]),
      mayLose: z.enum([
        "nothing",
        "last_second",
        "unflushed",
        "since_snapshot",
        "all_but_ledger",
        "unknown",
      ]),
      redis: z
        .object({
          appendOnly: z.union([z.boolean(), unknown]),
          appendFsync: z.string(),
          save: z.string(),
          replicas: z.union([z.int().nonnegative(), unknown]),
        })
        .optional(),
    })
    .nullable(),
  /** Migrations of the database, and those that this program knows; null when unreadable. */
  migrations: z
    .object({ applied: z.int().nonnegative(), known: z.int().nonnegative(), latest: z.string() })
    .nullable(),
});

export type Readiness = z.infer<typeof readinessSchema>;
