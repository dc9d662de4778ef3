/** Maps the values of a chart to its height. */
export interface Scale {
  /** The values with a grid line and a label. */
  readonly ticks: readonly number[];
  /** The position of a value: 0 at the bottom, 1 at the top. */
  place(value: number): number;
}

/** From 0 to 1. */
export const parts: Scale = { ticks: [0, 0.5, 1], place: (value) => value };

/**
 * A logarithmic scale of the powers of ten around these values, at least two: on a linear one a
 * single slow command would flatten all others.
 */
export function decades(values: readonly number[]): Scale {
  const powers = values.filter((value) => value > 0).map((value) => Math.log10(value));
  const bottom = powers.length === 0 ? -1 : Math.floor(Math.min(...powers));
  const top = Math.max(bottom + 2, Math.ceil(Math.max(bottom, ...powers)));
  return {
    ticks: Array.from({ length: top - bottom + 1 }, (_, index) => 10 ** (bottom + index)),
    place(value) {
      const power = value > 0 ? Math.log10(value) : bottom;
      return (power - bottom) / (top - bottom);
    },
  };
}
