/** Starts a Redis, says its process id and folder, and forgets it: support.test.ts kills this. */
import { startRedis } from "./redis.ts";

const redis = await startRedis({ persistence: "none" });
const info = await new Bun.RedisClient(redis.url).send("INFO", ["server"]);
const pid = /process_id:(\d+)/.exec(String(info))?.[1];
console.log(`${pid} ${redis.directory}`);
await new Promise(() => {});
