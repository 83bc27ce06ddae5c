/** What `couponlive serve` was asked for, and what it runs as, whichever engine it runs on. */
import type { DatabaseConfig, ServeConfig, TokenConfig } from "../config.ts";

export interface ServeOptions extends ServeConfig {
  readonly database: DatabaseConfig;
  readonly tokens: TokenConfig;
  /** The operator says that another decider of the database is lost for good (decider.ts). */
  readonly takeOver: boolean;
  /** The flags, as the variables by which web processes learn of them. */
  readonly variables?: Readonly<Record<string, string>>;
}

export interface RedisServeOptions extends ServeOptions {
  readonly redisUrl: string;
}

export interface Service {
  readonly url: string;
  /** Where Prometheus finds the metrics; undefined where none are served. */
  readonly metricsUrl: string | undefined;
  /** Resolves to false when something was left undone; nothing is lost, Redis or the outbox keeps it. */
  stop(): Promise<boolean>;
  /** Rejects when the service cannot go on. */
  readonly failed: Promise<never>;
}
