/** Structured logs on stdout: JSON lines, or readable ones where a person looks on. */
import pino, { type Logger } from "pino";
import pretty from "pino-pretty";

/** Messages never carry tokens, passwords, codes or e-mail addresses. */
export function createLog(name: string): Logger {
  const options = { name, base: { pid: process.pid } };
  if (!process.stdout.isTTY) return pino(options, pino.destination({ dest: 1, sync: true }));
  return pino(options, pretty({ colorize: true, ignore: "pid,hostname", sync: true }));
}
