import type { Command } from "commander";

/** Adds `couponlive simulate`. */
export function addSimulateCommand(_program: Command): void {}
