/** Starts children and folders, says where they are, and forgets them: support.test.ts kills this. */
import { killAtEnd } from "./last-will.ts";
import { startRedis } from "./redis.ts";

const redis = await startRedis({ persistence: "none" });
const info = await new Bun.RedisClient(redis.url).send("INFO", ["server"]);
const redisPid = /process_id:(\d+)/.exec(String(info))?.[1];

// Two that have ended already must not take the guard's mind off the others.
const [first, sleeper, last] = ["0", "60", "0"].map((seconds) => Bun.spawn(["sleep", seconds]));
for (const child of [first, sleeper, last]) if (child !== undefined) killAtEnd(child);
await Promise.all([first?.exited, last?.exited]);

console.log(`${redisPid} ${sleeper?.pid} ${redis.directory}`);
await new Promise(() => {});
