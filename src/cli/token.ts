import type { Command } from "commander";

/** Adds `couponlive token`. */
export function addTokenCommand(_program: Command): void {}
