/** A connection to Redis that knows which Redis it talks to, and never sends a command twice. */
import { Redis } from "ioredis";
import { CliError, EXIT } from "../../../exit-codes.ts";
import { EngineUnavailableError } from "../engine.ts";

const CONNECT_TIMEOUT_MS = 2_000;
/** A script call takes about a millisecond; one that takes this long has no answer to come. */
const COMMAND_TIMEOUT_MS = 3_000;
/** A connection that stays silent this long after a command is given up: it leads nowhere. */
const SOCKET_TIMEOUT_MS = 3_000;
const MAX_RECONNECT_DELAY_MS = 500;
/** The pause before a Redis that cannot be used is connected to and asked again. */
const IDENTIFY_RETRY_MS = 500;
const AWAY = "Redis is away";
const REPLICA = "it is a replica, which decides nothing: name the master";

/** What became of a connection that had been open. */
export type ConnectionChange =
  | { readonly state: "away"; readonly error: Error }
  | { readonly state: "back"; readonly instanceChanged: boolean };

/** Told once when Redis goes away, or why it cannot be used now, and once when it is back. */
export type OnConnectionChange = (change: ConnectionChange) => void;

export class RedisConnection {
  readonly client: Redis;
  /** The run id of the connected Redis: another one means it was restarted or replaced. */
  private connectedInstance: string | undefined;
  private lastInstance: string | undefined;
  /** Why the connection was lost: ioredis tells it only in its error event. */
  private lastError: Error | undefined;
  /** What was last reported while Redis is away. */
  private reportedError: string | undefined;
  /** Counts connections, so that what was asked on one says nothing of the next. */
  private generation = 0;

  private constructor(
    url: string,
    private readonly onChange: OnConnectionChange,
  ) {
    this.client = new Redis(url, {
      lazyConnect: true,
      protocol: 2,
      connectTimeout: CONNECT_TIMEOUT_MS,
      commandTimeout: COMMAND_TIMEOUT_MS,
      socketTimeout: SOCKET_TIMEOUT_MS,
      keepAlive: 10_000,
      retryStrategy: (attempt) => Math.min(attempt * 20, MAX_RECONNECT_DELAY_MS),
      // A master that was demoted: the name may lead to the new one by now.
      reconnectOnError: (error) => error.message.includes("READONLY"),
      // A claim sent again behind the caller's back could reach a Redis that lost the first one
      // and was not yet restored from the ledger. Callers repeat claims, knowing the instance.
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
    });
    this.client.on("error", (error) => {
      this.lastError = error;
    });
    this.client.on("close", () => this.noteClosed());
  }

  /**
   * Connects.
   *
   * @throws when Redis cannot be reached, is a replica, may evict keys, or is older than the 6.2
   * that XAUTOCLAIM needs
   */
  static async open(url: string, onChange: OnConnectionChange): Promise<RedisConnection> {
    const connection = new RedisConnection(url, onChange);
    try {
      await connection.client.connect();
      await connection.identify();
    } catch (error) {
      connection.client.disconnect();
      throw connection.lastError ?? error;
    }
    connection.client.on("ready", () => void connection.identifyAgain());
    return connection;
  }

  /** @throws EngineUnavailableError while Redis is away */
  get instance(): string {
    if (this.connectedInstance === undefined) throw new EngineUnavailableError(AWAY);
    return this.connectedInstance;
  }

  /** @throws when Redis is away or unfit, or has become a replica; it is then connected to anew */
  async check(): Promise<void> {
    if (this.connectedInstance === undefined) throw new EngineUnavailableError(AWAY);
    const [role] = await this.client.role();
    if (role === "master") return;
    this.client.disconnect(true);
    throw new EngineUnavailableError(REPLICA);
  }

  close(): void {
    this.lastInstance = undefined;
    this.client.disconnect();
  }

  private noteClosed(): void {
    this.generation++;
    this.connectedInstance = undefined;
    const error = this.lastError ?? new Error("the connection was closed");
    if (this.reportedError === undefined) this.reportAway(error);
  }

  private reportAway(error: Error): void {
    // Before the first identification nothing was open, and after close() nobody wants it to be.
    if (this.lastInstance === undefined || this.reportedError === error.message) return;
    this.reportedError = error.message;
    this.onChange({ state: "away", error });
  }

  private async identifyAgain(): Promise<void> {
    const { generation, lastInstance } = this;
    try {
      await this.identify();
    } catch (error) {
      if (generation !== this.generation) return;
      this.reportAway(error instanceof Error ? error : new Error(String(error)));
      await Bun.sleep(IDENTIFY_RETRY_MS);
      if (generation === this.generation) this.client.disconnect(true);
      return;
    }
    this.reportedError = undefined;
    this.onChange({ state: "back", instanceChanged: this.lastInstance !== lastInstance });
  }

  /** Asks Redis who it is. @throws when it cannot be used as the place where claims are decided */
  private async identify(): Promise<void> {
    const { generation } = this;
    const info = await this.client.info();
    const field = (name: string) => new RegExp(`^${name}:(\\S*)`, "m").exec(info)?.[1] ?? "";
    const [major = 0, minor = 0] = field("redis_version").split(".").map(Number);
    if (major < 6 || (major === 6 && minor < 2)) throw new Error("Redis 6.2 or newer is needed");
    if (field("role") === "slave") throw new Error(REPLICA);
    const policy = field("maxmemory_policy");
    if (Number(field("maxmemory")) > 0 && policy !== "noeviction") {
      throw new Error(
        `it may evict issued coupons (maxmemory-policy is ${policy}), set it to noeviction`,
      );
    }
    if (generation !== this.generation) throw new Error("the connection was closed");
    this.connectedInstance = field("run_id");
    this.lastInstance = this.connectedInstance;
    this.lastError = undefined;
  }
}

/**
 * Connects, for a command.
 *
 * @throws CliError that names host and setting, but no password, when that fails
 */
export async function openRedis(
  url: string,
  onChange: OnConnectionChange,
): Promise<RedisConnection> {
  try {
    return await RedisConnection.open(url, onChange);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CliError(
      `Redis at ${new URL(url).host} cannot be used: ${reason} (--redis, COUPONLIVE_REDIS)`,
      EXIT.failed,
    );
  }
}
