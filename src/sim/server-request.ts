/** Requests to the server beside the load: by those who prepare a run, and those who judge it. */
import { CliError, EXIT } from "../exit-codes.ts";

/** What a certificate is refused with: X509_V_ERR_… of OpenSSL, and a name that it lacks. */
const CERTIFICATE_ERRORS = /CERT|^UNABLE_TO_|^HOSTNAME_MISMATCH$|^INVALID_(CA|PURPOSE)$/;

/**
 * GETs what is at the URL; undefined when no answer comes in time.
 *
 * @throws CliError when the server's certificate is not trusted, since no patience helps then
 */
export async function askServer(
  url: URL,
  timeoutMs: number,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response | undefined> {
  try {
    return await fetch(url, { headers, signal: AbortSignal.timeout(timeoutMs) });
  } catch (error) {
    const code = error instanceof Error ? String(Reflect.get(error, "code")) : "";
    if (!CERTIFICATE_ERRORS.test(code)) return undefined;
    throw new CliError(
      `the certificate of ${url.origin} is not trusted (${code}): NODE_EXTRA_CA_CERTS names the file of a private authority, --insecure takes any certificate`,
      EXIT.failed,
    );
  }
}

/** What to say where the server answers 401 to a token that is meant to be good. */
export function refusedToken({ origin }: URL): CliError {
  return new CliError(
    `the server at ${origin} refuses the tokens that are signed here: COUPONLIVE_JWT_SECRET, COUPONLIVE_JWT_ISSUER and COUPONLIVE_JWT_AUDIENCE must be its own, and its clock right`,
  );
}
