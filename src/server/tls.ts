/** The certificate that the server shows. */
import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { TlsFiles } from "../config.ts";
import { CliError } from "../exit-codes.ts";

/** PEM texts, as Bun.serve takes them. */
export interface Tls {
  readonly cert: string;
  readonly key: string;
}

/**
 * Reads the certificate and its key.
 *
 * @throws CliError when one of them cannot be read, is not PEM, or they do not belong together
 */
export async function readTls({ certFile, keyFile }: TlsFiles): Promise<Tls> {
  const [cert, key] = await Promise.all([readText(certFile), readText(keyFile)]);
  const certificate = parse(
    () => new X509Certificate(cert),
    `${certFile} holds no certificate in PEM: name one with --tls-cert`,
  );
  const privateKey = parse(
    () => createPrivateKey(key),
    `${keyFile} holds no private key in PEM, without a passphrase: name one with --tls-key`,
  );
  if (!certificate.checkPrivateKey(privateKey)) {
    throw new CliError(`the key in ${keyFile} is not that of the certificate in ${certFile}`);
  }
  return { cert, key };
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new CliError(`a file for TLS cannot be read (${why}): check --tls-cert and --tls-key`);
  }
}

function parse<T>(read: () => T, otherwise: string): T {
  try {
    return read();
  } catch {
    throw new CliError(otherwise);
  }
}
