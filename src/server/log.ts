/** Structured logs on stdout: JSON lines, or readable ones where a person looks on. */
import pino, { type Logger } from "pino";
import pretty from "pino-pretty";
import type { LogConfig } from "../config.ts";

/**
 * What no message may carry. Nobody logs these on purpose; this is for whoever logs a whole object
 * by mistake. Members' ids are among them: in many systems they are people's names.
 */
const SECRET_FIELDS = [
  "authorization",
  "token",
  "secret",
  "password",
  "passwordHash",
  "code",
  "codes",
  "codeKey",
  "email",
  "memberId",
  "memberIds",
] as const;

const redact = {
  paths: SECRET_FIELDS.flatMap((field) => [field, `*.${field}`]),
  censor: "[hidden]",
};

/** Messages never carry tokens, passwords, codes, e-mail addresses or members' ids. */
export function createLog(name: string, { level, format }: LogConfig): Logger {
  const options = { name, level, redact, base: { pid: process.pid } };
  const isPretty = format === undefined ? process.stdout.isTTY : format === "pretty";
  if (!isPretty) return pino(options, pino.destination({ dest: 1, sync: true }));
  const colorize = process.stdout.isTTY;
  return pino(options, pretty({ colorize, ignore: "pid,hostname", sync: true }));
}
