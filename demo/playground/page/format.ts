/** A duration in milliseconds, for people: two significant digits. */
export function showMilliseconds(milliseconds: number): string {
  return `${
    milliseconds < 100 ? Number(milliseconds.toPrecision(2)) : Math.round(milliseconds)
  } ms`;
}

/** A ratio, for people: a percentage. */
export function showPercent(part: number): string {
  return `${Math.round(part * 100)} %`;
}

/** The powers of ten around two values, at least three; null without values. */
export function decades(low: number | null, high: number | null): number[] {
  const bottom = Math.floor(Math.log10(low ?? 0.1));
  const top = Math.max(bottom + 2, Math.ceil(Math.log10(high ?? 0.1)));
  return Array.from({ length: top - bottom + 1 }, (_, index) => Number(`1e${bottom + index}`));
}
