/** The middle value, or the mean of the two in the middle; NaN without any. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const last = sorted.length - 1;
  const below = sorted[Math.floor(last / 2)] ?? Number.NaN;
  const above = sorted[Math.ceil(last / 2)] ?? Number.NaN;
  return (below + above) / 2;
}
