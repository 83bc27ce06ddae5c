/** The static table of header fields (RFC 7541, appendix A). Index 1 is its first entry. */

export interface Field {
  readonly name: string;
  readonly value: string;
}

const WITH_VALUES: readonly Field[] = [
  { name: ":authority", value: "" },
  { name: ":method", value: "GET" },
  { name: ":method", value: "POST" },
  { name: ":path", value: "/" },
  { name: ":path", value: "/index.html" },
  { name: ":scheme", value: "http" },
  { name: ":scheme", value: "https" },
  { name: ":status", value: "200" },
  { name: ":status", value: "204" },
  { name: ":status", value: "206" },
  { name: ":status", value: "304" },
  { name: ":status", value: "400" },
  { name: ":status", value: "404" },
  { name: ":status", value: "500" },
  { name: "accept-charset", value: "" },
  { name: "accept-encoding", value: "gzip, deflate" },
];

const NAMES_ONLY =
  "accept-language accept-ranges accept access-control-allow-origin age allow authorization " +
  "cache-control content-disposition content-encoding content-language content-length " +
  "content-location content-range content-type cookie date etag expect expires from host " +
  "if-match if-modified-since if-none-match if-range if-unmodified-since last-modified link " +
  "location max-forwards proxy-authenticate proxy-authorization range referer refresh " +
  "retry-after server set-cookie strict-transport-security transfer-encoding user-agent vary " +
  "via www-authenticate";

export const STATIC_TABLE: readonly Field[] = [
  ...WITH_VALUES,
  ...NAMES_ONLY.split(" ").map((name) => ({ name, value: "" })),
];

/** The index of the first entry with this name, and with this value where one is given. */
export function staticIndexOf(name: string, value?: string): number {
  const place = STATIC_TABLE.findIndex(
    (field) => field.name === name && (value === undefined || field.value === value),
  );
  if (place === -1) throw new Error(`the static table has no ${name}`);
  return place + 1;
}
