/** The options that say how claims travel. */
import { Option } from "commander";
import { acceptAnyCertificate } from "../config.ts";
import { CliError } from "../exit-codes.ts";
import {
  DEFAULT_STREAMS,
  HTTP_VERSIONS,
  type HttpVersion,
  type Transport,
} from "../sim/transport.ts";

export interface TransportFlags {
  readonly http: HttpVersion;
  readonly streams?: number;
  readonly pipeline?: number;
  readonly insecure?: boolean;
  readonly url?: string;
}

export function httpOption(): Option {
  return new Option("--http <version>", "how claims are sent")
    .choices(HTTP_VERSIONS)
    .default("1.1");
}

/** @throws CliError when the options contradict each other */
export function transportOf(flags: TransportFlags): Transport {
  const { http, streams, pipeline, insecure = false, url } = flags;
  if (http === "1.1" && streams !== undefined) {
    throw new CliError(
      "HTTP/1.1 has no streams: --streams needs --http 2; --pipeline sends several requests on an HTTP/1.1 connection",
    );
  }
  if (http === "2" && pipeline !== undefined) {
    throw new CliError(
      "HTTP/2 has streams in place of a pipeline: write --streams, or leave out --http 2",
    );
  }
  if (pipeline !== undefined && pipeline > 1 && url === undefined) {
    throw new CliError(
      "couponlive's own server does not pipeline (Bun closes such connections): --pipeline needs the --url of something that does",
    );
  }
  if (insecure && url?.startsWith("https:") !== true) {
    throw new CliError("--insecure is about a server's certificate: it needs an https --url");
  }
  if (insecure) acceptAnyCertificate();
  const inFlight = http === "2" ? (streams ?? DEFAULT_STREAMS) : (pipeline ?? 1);
  return { http, streams: inFlight, insecure };
}

/** Reads `--url`. @throws CliError for what is no address of a server */
export function parseServerUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === "http:" || url?.protocol === "https:") return url;
  throw new CliError(`"${text}" is not a server's address: write --url http://host:port, or https`);
}
