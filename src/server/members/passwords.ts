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
