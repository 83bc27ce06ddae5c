/** Reads from Redis how it keeps what it is told. */
import type { Redis } from "ioredis";
import type { Durability, MayLose, RedisPersistence } from "../durability.ts";

/** What this Redis may lose in a crash, as it is configured now. "unknown" where it does not tell. */
export async function readDurability(client: Redis): Promise<Durability> {
  const [persistence, replication, appendFsync, save] = await Promise.all([
    info(client, "persistence"),
    info(client, "replication"),
    setting(client, "appendfsync"),
    setting(client, "save"),
  ]);
  const aof = persistence("aof_enabled");
  const replicas = replication("connected_slaves");
  const redis: RedisPersistence = {
    appendOnly: aof === undefined ? "unknown" : aof === "1",
    appendFsync: appendFsync ?? "unknown",
    save: save ?? "unknown",
    replicas: replicas === undefined ? "unknown" : Number(replicas),
  };
  return { store: "redis", mayLose: mayLose(redis), redis };
}

function mayLose({ appendOnly, appendFsync, save }: RedisPersistence): MayLose {
  if (appendOnly === true) {
    switch (appendFsync) {
      case "always":
        return "nothing";
      case "everysec":
        return "last_second";
      case "no":
        return "unflushed";
      default:
        return "unknown";
    }
  }
  if (appendOnly === "unknown" || save === "unknown") return "unknown";
  return save === "" ? "all_but_ledger" : "since_snapshot";
}

/** A field of a section of INFO; undefined for all of them where INFO is forbidden. */
async function info(client: Redis, section: string): Promise<(name: string) => string | undefined> {
  const text = await client.info(section).catch(() => "");
  return (name) => new RegExp(`^${name}:(\\S*)`, "m").exec(text)?.[1];
}

/** Undefined where CONFIG is forbidden, as hosted Redis often has it. */
async function setting(client: Redis, name: string): Promise<string | undefined> {
  try {
    const reply: unknown = await client.config("GET", name);
    const value: unknown = Array.isArray(reply) ? reply[1] : undefined;
    return typeof value === "string" ? value : undefined;
  } catch {
    return undefined;
  }
}
