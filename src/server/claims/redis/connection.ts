/** A connection to Redis that knows which Redis it talks to, and never sends a command twice. */
import { Redis } from "ioredis";
import { CliError, EXIT } from "../../../exit-codes.ts";
import { EngineUnavailableError } from "../engine.ts";

const CONNECT_TIMEOUT_MS = 2_000;
/** A script call takes about a millisecond; one that takes this long has no answer to come. */
const COMMAND_TIMEOUT_MS = 3_000;
const MAX_RECONNECT_DELAY_MS = 500;

export class RedisConnection {
  readonly client: Redis;
  /** The run id of the connected Redis: another one means it was restarted or replaced. */
  private connectedInstance: string | undefined;

  private constructor(url: string, onError: (error: Error) => void) {
    this.client = new Redis(url, {
      lazyConnect: true,
      protocol: 2,
      connectTimeout: CONNECT_TIMEOUT_MS,
      commandTimeout: COMMAND_TIMEOUT_MS,
      keepAlive: 10_000,
      retryStrategy: (attempt) => Math.min(attempt * 20, MAX_RECONNECT_DELAY_MS),
      // A claim sent again behind the caller's back could reach a Redis that lost the first one
      // and was not yet restored from the ledger. Callers repeat claims, knowing the instance.
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
    });
    this.client.on("error", onError);
    this.client.on("close", () => {
      this.connectedInstance = undefined;
    });
    this.client.on("ready", () => {
      this.identify().catch(onError);
    });
  }

  /**
   * Connects.
   *
   * @throws when Redis cannot be reached or is older than the 6.2 that XAUTOCLAIM needs
   */
  static async open(url: string, onError: (error: Error) => void): Promise<RedisConnection> {
    // Of a connection that fails, ioredis tells the cause only in its error event.
    let cause: Error | undefined;
    let report = (error: Error) => {
      cause ??= error;
    };
    const connection = new RedisConnection(url, (error) => report(error));
    try {
      await connection.client.connect();
      await connection.identify();
    } catch (error) {
      connection.client.disconnect();
      throw cause ?? error;
    }
    report = onError;
    return connection;
  }

  /** @throws EngineUnavailableError while Redis is away */
  get instance(): string {
    if (this.connectedInstance === undefined) throw new EngineUnavailableError("Redis is away");
    return this.connectedInstance;
  }

  close(): void {
    this.client.disconnect();
  }

  private async identify(): Promise<void> {
    const info = await this.client.info("server");
    const runId = /^run_id:(\S+)/m.exec(info)?.[1];
    const [major = 0, minor = 0] = (/^redis_version:(\S+)/m.exec(info)?.[1] ?? "")
      .split(".")
      .map(Number);
    if (major < 6 || (major === 6 && minor < 2)) {
      throw new Error("Redis 6.2 or newer is needed");
    }
    this.connectedInstance = runId;
  }
}

/**
 * Connects, for a command.
 *
 * @throws CliError that names host and setting, but no password, when that fails
 */
export async function openRedis(
  url: string,
  onError: (error: Error) => void,
): Promise<RedisConnection> {
  try {
    return await RedisConnection.open(url, onError);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CliError(
      `Redis at ${new URL(url).host} cannot be used: ${reason} (--redis, COUPONLIVE_REDIS)`,
      EXIT.failed,
    );
  }
}
