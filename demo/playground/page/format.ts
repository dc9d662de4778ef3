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
