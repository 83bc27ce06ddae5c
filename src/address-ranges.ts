/** Ranges of IP addresses, as settings name them. */
import { BlockList, isIP } from "node:net";

/** More ranges than this are a slip. */
const MAX_RANGES = 1_000;

/**
 * Reads addresses and ranges in CIDR notation (RFC 4632), separated by commas:
 * `127.0.0.1, 10.0.0.0/8, fd00::/8`.
 *
 * @returns undefined where the text is something else
 */
export function readAddressRanges(text: string): BlockList | undefined {
  const ranges = new BlockList();
  const entries = text.split(",");
  if (entries.length > MAX_RANGES) return undefined;
  for (const entry of entries) {
    const [, address = "", bits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(entry.trim()) ?? [];
    const version = isIP(address);
    const width = version === 6 ? 128 : 32;
    const prefix = bits === undefined ? width : Number(bits);
    if (version === 0 || prefix > width) return undefined;
    ranges.addSubnet(address, prefix, version === 6 ? "ipv6" : "ipv4");
  }
  return ranges;
}
