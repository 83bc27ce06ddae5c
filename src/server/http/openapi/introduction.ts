/** The page that the HTTP reference opens with (CommonMark). */
import { MAX_BODY_BYTES, MAX_CODES_BODY_BYTES } from "../body.ts";

const BYTES_PER_KIB = 1_024;
const BYTES_PER_MIB = 1_024 * BYTES_PER_KIB;

export const INTRODUCTION = `Coupons, first come first served: one to a member, only while a window of the event is open.

Bodies are JSON, times ISO 8601 in UTC. Fields may be added to answers: ignore those that you do not know. Every \`GET\` has its \`HEAD\`. A page of another origin may call where the server is told of that origin (\`--cors-origin\`).

**Tokens.** Members send \`Authorization: Bearer <token>\`. Tokens come from \`POST /v1/auth/login\`, from a service that shares the server's secret, or from an identity provider that the server is told of; then, the first time that one of its tokens is seen, any call may be answered \`identity_unavailable\` or \`overloaded\` (503).

**Errors** are problem documents (RFC 9457, \`application/problem+json\`). Decide by their \`code\`. Besides those listed with each call there are two that any address may answer: \`not_found\` (404), and \`method_not_allowed\` (405), whose header \`Allow\` names the methods that there are.

**Request ids.** Answers name the request in \`X-Request-Id\`, by the id that it came with if it had one; that of a claim only if it had one. The server's log names errors by it.

**Repeating.** A claim may be repeated at any time: whoever has a coupon gets the same one again. Where an answer has \`Retry-After\`, wait for so many seconds.

**Answers without a body** come before any of this from the HTTP layer, which then closes the connection: 400 for what is not HTTP, 413 for a body of more than ${MAX_CODES_BODY_BYTES / BYTES_PER_MIB} MiB (one of more than ${MAX_BODY_BYTES / BYTES_PER_KIB} KiB is \`too_large\`), 431 for a head of more than 16 KiB, 505 for a version of HTTP other than 1.0, 1.1 and 2; on HTTP/2 the stream is reset instead. A method that HTTP does not know is not answered at all.
`;
