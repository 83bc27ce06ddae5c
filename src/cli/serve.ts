import type { Command } from "commander";

/** Adds `couponlive serve`. */
export function addServeCommand(_program: Command): void {}
