/** What the routes need. `createApp` gets it whole; each file of routes names the part it uses. */
import type { Logger } from "pino";
import type { Combiner } from "../claims/combiner.ts";
import type { ClaimEngine } from "../claims/engine.ts";
import type { Database } from "../database.ts";
import type { Catalogue } from "../events/catalogue.ts";
import type { TokenVerifier } from "../members/token-verifier.ts";
import type { TokenKeys } from "../members/tokens.ts";
import type { LiveFeeds } from "./live/feeds.ts";
import type { RequestCounts } from "./request-counts.ts";

export interface Dependencies {
  readonly catalogue: Catalogue;
  readonly engine: ClaimEngine;
  readonly combiner: Combiner;
  readonly database: Database;
  readonly tokenKeys: TokenKeys;
  readonly verifyToken: TokenVerifier;
  readonly liveFeeds: LiveFeeds;
  readonly requestCounts: RequestCounts;
  readonly log: Logger;
  /** The process clock, for tokens and for what is merely shown; never for deciding claims. */
  readonly nowMs: () => number;
  /**
   * Whether the request's connection is closed after a time without a request. It counts what is
   * received, so an answer that goes on for long needs it off.
   */
  readonly limitIdleTime: (request: Request, isLimited: boolean) => void;
  /** The address that limits count a request by (client-address.ts). */
  readonly clientAddress: (request: Request) => string;
  /** Whether anybody may make an account. */
  readonly isRegistrationOpen: boolean;
  /** The origins whose pages may call (cors.ts); empty for none. */
  readonly corsOrigins: ReadonlySet<string>;
  /** True once the server has been told to stop. */
  readonly isStopping: () => boolean;
}
