/**
 * Verifies an identity provider's token when it is first seen, before the request comes to its
 * route. So the routes themselves check tokens without waiting, whoever signed them, and a server
 * without a provider has nothing of this on its path.
 */
import type { IdentityProvider } from "../members/identity-provider.ts";
import type { TokenVerifier } from "../members/token-verifier.ts";
import { bearerToken } from "./authenticate.ts";
import { fixedProblem } from "./problem.ts";

const RETRY_AFTER_SECONDS = "1";

const unavailable = fixedProblem(
  "identity_unavailable",
  {},
  { "retry-after": RETRY_AFTER_SECONDS },
);
const overloaded = fixedProblem("overloaded", {}, { "retry-after": RETRY_AFTER_SECONDS });

type Handler = (request: Request) => Response | Promise<Response>;

/** The verifier of our own tokens, and of those that the provider's verification has let in. */
export function withProvider(own: TokenVerifier, provider: IdentityProvider): TokenVerifier {
  return (token, nowMs) => own(token, nowMs) ?? provider.recall(token, nowMs);
}

/**
 * The handler, with tokens of the provider introduced first. What cannot be verified now is answered
 * 503; what is nobody's goes on to the route, which answers as it does without a provider.
 */
export function introduceCallers(
  handle: Handler,
  provider: IdentityProvider,
  nowMs: () => number,
): Handler {
  const introduce = async (request: Request, token: string): Promise<Response> => {
    switch (await provider.introduce(token, nowMs())) {
      case "unavailable":
        return unavailable();
      case "overloaded":
        return overloaded();
      default:
        return await handle(request);
    }
  };
  return (request) => {
    const token = bearerToken(request.headers.get("authorization"));
    const isStranger =
      token !== undefined &&
      provider.mayHaveSigned(token) &&
      provider.recall(token, nowMs()) === undefined;
    return isStranger ? introduce(request, token) : handle(request);
  };
}
