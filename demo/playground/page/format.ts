/** A duration in milliseconds, for people: two digits that mean something. */
export function showMilliseconds(milliseconds: number): string {
  return `${
    milliseconds < 100 ? Number(milliseconds.toPrecision(2)) : Math.round(milliseconds)
  } ms`;
}

/** A part of 1, for people. */
export function showPercent(part: number): string {
  return `${Math.round(part * 100)} %`;
}
