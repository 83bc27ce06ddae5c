/** An identity provider: real keys, published by a real HTTP server, and tokens signed with them. */
import { exportJWK, type GenerateKeyPairResult, generateKeyPair, SignJWT } from "jose";

export const ISSUER = "https://id.example.test/";
export const AUDIENCE = "coupons";

export class TestProvider implements Disposable {
  /** How often the keys were asked for. */
  fetches = 0;
  /** What it answers in place of the keys, while this is set. */
  failure: (() => Response) | undefined;
  readonly #keys = new Map<string, { alg: string; pair: GenerateKeyPairResult }>();
  readonly #server: Bun.Server<undefined>;

  constructor() {
    this.#server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => this.#answer() });
  }

  get jwksUrl(): string {
    return `http://127.0.0.1:${this.#server.port}/keys`;
  }

  /** Makes a key and publishes it. */
  async addKey(kid: string, alg: string): Promise<void> {
    this.#keys.set(kid, { alg, pair: await generateKeyPair(alg, { extractable: true }) });
  }

  removeKey(kid: string): void {
    this.#keys.delete(kid);
  }

  keyOf(kid: string): { alg: string; pair: GenerateKeyPairResult } {
    const key = this.#keys.get(kid);
    if (key === undefined) throw new Error(`there is no key ${kid}`);
    return key;
  }

  /** A token for the member, valid for a minute, unless these claims say otherwise. */
  async sign(
    kid: string,
    sub: string,
    claims: Readonly<Record<string, unknown>> = {},
  ): Promise<string> {
    const { alg, pair } = this.keyOf(kid);
    const nowSeconds = Math.floor(Date.now() / 1_000);
    const payload = { iss: ISSUER, aud: AUDIENCE, sub, exp: nowSeconds + 60, ...claims };
    return await new SignJWT(payload).setProtectedHeader({ alg, kid }).sign(pair.privateKey);
  }

  async #answer(): Promise<Response> {
    this.fetches++;
    if (this.failure !== undefined) return this.failure();
    const keys = [...this.#keys].map(async ([kid, { alg, pair }]) => ({
      ...(await exportJWK(pair.publicKey)),
      kid,
      alg,
      use: "sig",
    }));
    return Response.json({ keys: await Promise.all(keys) });
  }

  [Symbol.dispose](): void {
    void this.#server.stop(true);
  }
}
