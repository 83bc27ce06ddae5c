import type { Command } from "commander";

/** Adds `couponlive user`. */
export function addUserCommand(_program: Command): void {}
