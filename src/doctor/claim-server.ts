/**
 * The entry of a thread that serves claims for real, on the embedded engine and a scratch database:
 * told of the database and the secret it answers with its port, told to stop with whether it could.
 */
import pino from "pino";
import type { DatabaseConfig, TokenConfig } from "../config.ts";
import type { Service } from "../server/serve.ts";
import { serveEmbedded } from "../server/serve-embedded.ts";

export type ClaimServerRequest =
  | { readonly kind: "start"; readonly database: DatabaseConfig; readonly tokens: TokenConfig }
  | { readonly kind: "stop" };

export type ClaimServerReply =
  | { readonly kind: "listening"; readonly url: string }
  | { readonly kind: "stopped" }
  | { readonly kind: "failed"; readonly message: string };

declare const self: Worker;

let service: Service | undefined;

async function handle(request: ClaimServerRequest): Promise<ClaimServerReply> {
  if (request.kind === "stop") {
    await service?.stop();
    return { kind: "stopped" };
  }
  const { database, tokens } = request;
  const options = { host: "127.0.0.1", port: 0, workers: 1, takeOver: false, database, tokens };
  service = await serveEmbedded(options, pino({ level: "silent" }));
  return { kind: "listening", url: service.url };
}

self.onmessage = async (message: MessageEvent<ClaimServerRequest>) => {
  try {
    self.postMessage(await handle(message.data));
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    self.postMessage({ kind: "failed", message: text } satisfies ClaimServerReply);
  }
};
