/** The machines that a binary can be made for, and the packages that each needs. */

export interface Target {
  readonly name: string;
  /** As Bun calls it. */
  readonly bun: Bun.Build.CompileTarget;
  /** The npm package with Bun for that machine. */
  readonly bunPackage: string;
  /** The npm package with libSQL's native module for that machine. */
  readonly libsqlPackage: string;
}

/** macOS on Intel and Windows are left out: nothing of ours has ever run there. */
export const TARGETS: readonly Target[] = [
  {
    name: "linux-x64",
    bun: "bun-linux-x64",
    bunPackage: "@oven/bun-linux-x64",
    libsqlPackage: "@libsql/linux-x64-gnu",
  },
  {
    name: "linux-arm64",
    bun: "bun-linux-arm64",
    bunPackage: "@oven/bun-linux-aarch64",
    libsqlPackage: "@libsql/linux-arm64-gnu",
  },
  {
    name: "darwin-arm64",
    bun: "bun-darwin-arm64",
    bunPackage: "@oven/bun-darwin-aarch64",
    libsqlPackage: "@libsql/darwin-arm64",
  },
];

/** The target that is this machine, or undefined where there is none. */
export function hostTarget(): Target | undefined {
  return findTarget(`${process.platform}-${process.arch}`);
}

/** The target of that name. */
export function findTarget(name: string): Target | undefined {
  return TARGETS.find((target) => target.name === name);
}
