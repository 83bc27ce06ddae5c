import type { Command } from "commander";

/** Adds `couponlive verify`. */
export function addVerifyCommand(_program: Command): void {}
