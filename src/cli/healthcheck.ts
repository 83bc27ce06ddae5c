/** `couponlive healthcheck`: asks the server of this machine, for containers that have no curl. */
import type { Command } from "commander";
import { readServeConfig, type SettingFlags } from "../config.ts";
import { CliError, EXIT } from "../exit-codes.ts";
import { addSettingOptions } from "./setting-options.ts";

/** A server that takes longer to say that it lives is not well. */
const ANSWER_TIMEOUT_MS = 3_000;
/** What a server listens on for every address, and where it is reached then. */
const EVERYWHERE: Readonly<Record<string, string>> = { "0.0.0.0": "127.0.0.1", "::": "::1" };

type HealthcheckFlags = SettingFlags & { readonly ready?: true };

const example = `
Examples:
  couponlive healthcheck                 # the server that the same settings start
  couponlive healthcheck --ready --port 9000

Exit code ${EXIT.ok} when it lives (--ready: when it can decide claims), ${EXIT.failed} when not.`;

/** Adds `couponlive healthcheck`. */
export function addHealthcheckCommand(program: Command): void {
  const command = program
    .command("healthcheck")
    .description("Asks the server on this machine whether it lives.");
  addSettingOptions(command, ["host", "port", "tlsCert", "tlsKey"])
    .option(
      "--ready",
      "ask whether it can decide claims: its engine answers, its catalogue is fresh",
    )
    .addHelpText("after", example)
    .action(healthcheck);
}

async function healthcheck(flags: HealthcheckFlags): Promise<void> {
  const { host, port, tls } = readServeConfig(flags);
  const address = EVERYWHERE[host] ?? host;
  const authority = `${address.includes(":") ? `[${address}]` : address}:${port}`;
  const path = flags.ready ? "/readyz" : "/healthz";
  const url = `${tls === undefined ? "http" : "https"}://${authority}${path}`;
  const response = await ask(url);
  const text = await response.text();
  if (!response.ok) throw new CliError(`${url} answers ${response.status}: ${text}`, EXIT.failed);
  process.stdout.write(`${text}\n`);
}

async function ask(url: string): Promise<Response> {
  try {
    return await fetch(url, {
      signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
      // The certificate is for the server's public name, and nothing secret is sent.
      tls: { rejectUnauthorized: false },
    });
  } catch (error) {
    const why = error instanceof Error && "code" in error ? error.code : String(error);
    throw new CliError(
      `the server does not answer at ${url} (${why}): is it running, on this host and port?`,
      EXIT.failed,
    );
  }
}
