/** Which network a worker's connections use. */
import type { Target } from "../transport.ts";
import { BunNetwork } from "./bun-network.ts";
import { EpollNetwork } from "./epoll-network.ts";
import type { Network } from "./network.ts";

/**
 * The cheapest one that reaches the target from here.
 *
 * @param sharesThread see EpollNetwork
 */
export function chooseNetwork({ tls }: Target, sharesThread = false): Network {
  if (tls !== undefined || process.platform !== "linux") return new BunNetwork();
  try {
    return new EpollNetwork({ sharesThread });
  } catch {
    // A Linux without glibc.
    return new BunNetwork();
  }
}
