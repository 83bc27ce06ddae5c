/** How this program starts itself again as a child process. */

/** The command that runs couponlive: the binary alone, or Bun with the source's entry. */
export function selfCommand(): string[] {
  const compiled = Bun.main.startsWith("/$bunfs/");
  return compiled ? [process.execPath] : [process.execPath, Bun.main];
}
