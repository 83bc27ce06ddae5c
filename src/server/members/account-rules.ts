/** What an account's fields may hold: the same wherever they come from. */
import { z } from "zod";
import { isMemberId, MEMBER_ID_RULE } from "./member-id.ts";
import { isPasswordLength, PASSWORD_RULE } from "./passwords.ts";

/** RFC 5321, section 4.5.3.1.3: a path of 256 octets, less its angle brackets. */
export const MAX_EMAIL_LENGTH = 254;
const MAX_NAME_LENGTH = 200;

const EMAIL_RULE = "the e-mail must look like name@example.com";
const NAME_RULE = `the name must have 1 to ${MAX_NAME_LENGTH} characters and no control characters`;

const emailSchema = z.email();

/** The fields that somebody chose; what is left out is not judged. */
export interface AccountFields {
  readonly id?: string | undefined;
  /** As normalizeEmail gives it. */
  readonly email?: string | undefined;
  readonly name?: string | null | undefined;
  readonly password?: string | undefined;
}

/** The e-mail as it is kept and looked up. */
export function normalizeEmail(email: string): string {
  return email.trim().toLowerCase();
}

/** The first rule that the fields break, as a sentence without their values; undefined for none. */
export function brokenRule({ id, email, name, password }: AccountFields): string | undefined {
  if (id !== undefined && !isMemberId(id)) return MEMBER_ID_RULE;
  if (email !== undefined && !isEmail(email)) return EMAIL_RULE;
  if (typeof name === "string" && !isName(name)) return NAME_RULE;
  if (password !== undefined && !isPasswordLength(password)) return PASSWORD_RULE;
  return undefined;
}

function isEmail(email: string): boolean {
  return email.length <= MAX_EMAIL_LENGTH && emailSchema.safeParse(email).success;
}

function isName(name: string): boolean {
  return (
    name.length > 0 &&
    name.length <= MAX_NAME_LENGTH &&
    !/\p{Cc}/u.test(name) &&
    name.isWellFormed()
  );
}
