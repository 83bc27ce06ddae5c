/** Passwords: argon2id off the serving thread, and never more of it at once than the machine bears. */

/** In UTF-16 code units. */
const MIN_PASSWORD_LENGTH = 8;
/** Bounds what one request can have hashed. */
const MAX_PASSWORD_LENGTH = 256;

/** Said to who chose a password of another length. */
export const PASSWORD_RULE = `the password must have ${MIN_PASSWORD_LENGTH} to ${MAX_PASSWORD_LENGTH} characters`;

/** OWASP Password Storage Cheat Sheet: argon2id with 19 MiB, two passes, one lane. */
const HASHING = { algorithm: "argon2id", memoryCost: 19_456, timeCost: 2 } as const;

/** The hash of a random password that nobody knows, with the same parameters. */
export const HASH_OF_NOTHING =
  "$argon2id$v=19$m=19456,t=2,p=1$KZhlLUMPHxgs4pGgrQVvPCj/0rfH96JWhi70mbpxZc8$UKme/IHDLBmmpASKUZKu9ydE/Pvhhpm6RpyUdAg0FtA";

/**
 * Bounds of a hash that was made elsewhere, so that no login costs more than a few of ours: memory in
 * KiB, passes, lanes, and the bytes of salt and tag (RFC 9106, section 3.1, within what Bun checks).
 */
const HASH_LIMITS = { memoryKiB: 131_072, passes: 10, lanes: 8 } as const;
const MIN_SALT_BYTES = 8;
const MIN_TAG_BYTES = 16;
const MAX_BYTES = 64;

/** Said to who brought a hash that is not acceptable. */
export const HASH_RULE = `the password_hash must be argon2id in PHC format ($argon2id$v=19$m=…,t=…,p=…$salt$hash) with m up to ${HASH_LIMITS.memoryKiB}, t up to ${HASH_LIMITS.passes} and p up to ${HASH_LIMITS.lanes}`;

const PHC = /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,4}),p=(\d{1,3})\$([^$]+)\$([^$]+)$/;

/** Hashings under way or waiting in this process: about a second of work for two cores. */
export const MAX_CONCURRENT_HASHINGS = 32;

/** Too many logins are under way in this process. The same one may be tried again in a second. */
export class LoginOverloadedError extends Error {
  constructor() {
    super(`more than ${MAX_CONCURRENT_HASHINGS} passwords are being checked at once`);
    this.name = "LoginOverloadedError";
  }
}

let hashingsUnderWay = 0;

/** True for a password that an account may have, by its length alone. */
export function isPasswordLength(password: string): boolean {
  return password.length >= MIN_PASSWORD_LENGTH && password.length <= MAX_PASSWORD_LENGTH;
}

/** True for an argon2id hash in PHC format that logins can bear, whoever made it. */
export function isAcceptableHash(text: string): boolean {
  const [, memoryKiB, passes, lanes, salt = "", tag = ""] = PHC.exec(text) ?? [];
  const isWithin = (digits: string | undefined, max: number) =>
    Number(digits) >= 1 && Number(digits) <= max;
  return (
    isWithin(memoryKiB, HASH_LIMITS.memoryKiB) &&
    Number(memoryKiB) >= 8 * Number(lanes) &&
    isWithin(passes, HASH_LIMITS.passes) &&
    isWithin(lanes, HASH_LIMITS.lanes) &&
    isBase64(salt, MIN_SALT_BYTES) &&
    isBase64(tag, MIN_TAG_BYTES)
  );
}

/** Base64 without padding, of so many bytes, in the one way that they are written. */
function isBase64(text: string, minBytes: number): boolean {
  const bytes = Buffer.from(text, "base64");
  return (
    bytes.length >= minBytes &&
    bytes.length <= MAX_BYTES &&
    bytes.toString("base64").replace(/=+$/, "") === text
  );
}

/**
 * The password's argon2id hash in PHC format.
 *
 * @throws LoginOverloadedError when MAX_CONCURRENT_HASHINGS are under way.
 */
export function hashPassword(password: string): Promise<string> {
  return withinLimit(() => Bun.password.hash(password, HASHING));
}

/**
 * Whether the password is the one that was hashed. Without a hash the answer is no, after the same
 * work, so that the time it takes does not tell whether an account exists.
 *
 * @throws LoginOverloadedError when MAX_CONCURRENT_HASHINGS are under way.
 */
export function verifyPassword(password: string, hash: string | null): Promise<boolean> {
  return withinLimit(() => Bun.password.verify(password, hash ?? HASH_OF_NOTHING));
}

async function withinLimit<T>(work: () => Promise<T>): Promise<T> {
  if (hashingsUnderWay >= MAX_CONCURRENT_HASHINGS) throw new LoginOverloadedError();
  hashingsUnderWay++;
  try {
    return await work();
  } finally {
    hashingsUnderWay--;
  }
}
