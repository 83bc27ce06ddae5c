/** Where a request comes from, behind proxies too. */
import { type BlockList, isIP } from "node:net";

/** The address that the connection comes from; undefined where there is none. */
export type PeerAddress = (request: Request) => string | undefined;

const IPV6_GROUPS = 8;

/**
 * Returns what tells the client's address, as limits count it: an IPv4 address, or the first 64 bits
 * of an IPv6 address, since a client has all the others to choose from (RFC 4291, section 2.5.1).
 *
 * `X-Forwarded-For` is anybody's to write. It is read only where the connection comes from a trusted
 * proxy, and from its end, as far as trusted proxies wrote it: the first address that is none of
 * them is the client's.
 *
 * @param trustedProxies undefined to trust none
 * @param onIgnored told once, when a header is left unread although no proxy is named at all: behind
 * one, all clients then count as a single address
 */
export function createClientAddress(
  peerAddress: PeerAddress,
  trustedProxies: BlockList | undefined,
  onIgnored: () => void,
): (request: Request) => string {
  const isTrusted = (address: string) =>
    trustedProxies?.check(address, isIP(address) === 6 ? "ipv6" : "ipv4") === true;
  let wasTold = false;
  return (request) => {
    let address = plainAddress(peerAddress(request) ?? "");
    if (address === undefined) return "unknown";
    const forwarded = request.headers.get("x-forwarded-for")?.split(",") ?? [];
    if (!wasTold && trustedProxies === undefined && forwarded.length > 0) {
      wasTold = true;
      onIgnored();
    }
    while (isTrusted(address)) {
      const before = plainAddress(forwarded.pop() ?? "");
      if (before === undefined) break;
      address = before;
    }
    return isIP(address) === 6 ? firstHalf(address) : address;
  };
}

/** The address alone: without brackets, port and zone, and as IPv4 where IPv6 only wraps it. */
function plainAddress(text: string): string | undefined {
  const [, bracketed = text.trim()] = /^\s*\[([^\]]*)\](?::\d+)?\s*$/.exec(text) ?? [];
  const [, ipv4 = bracketed] = /^(?:::ffff:)?(\d+\.\d+\.\d+\.\d+)(?::\d+)?$/i.exec(bracketed) ?? [];
  const [address = ""] = ipv4.split("%");
  return isIP(address) === 0 ? undefined : address;
}

/** `2001:db8:0:1` of `2001:DB8::1:2:3:4:5`, in whatever way that is written. */
function firstHalf(ipv6: string): string {
  // The URL standard writes every address in one way only (URL, section 3.5).
  const written = new URL(`http://[${ipv6}]/`).hostname.slice(1, -1);
  const [head = [], tail] = written.split("::").map((part) => part.split(":").filter(Boolean));
  const zeros = IPV6_GROUPS - head.length - (tail?.length ?? 0);
  const groups =
    tail === undefined ? head : [...head, ...new Array<string>(zeros).fill("0"), ...tail];
  return groups.slice(0, IPV6_GROUPS / 2).join(":");
}
