import type { Command } from "commander";

/** Adds `couponlive event`. */
export function addEventCommand(_program: Command): void {}
