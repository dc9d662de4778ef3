// What other work does to a machine only ever slows a run down, and not evenly: so every number is
// a median, and what is compared is measured in turn, round by round, never one after the other.

/** The middle one of some numbers. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right);
  const middle = sorted.length >> 1;
  if (sorted.length === 0) return NaN;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** The least number that so many of a hundred are not above. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.max(0, Math.ceil(sorted.length * percent / 100) - 1)] ?? NaN;
}

/** The median and, in brackets, the least and the greatest. */
export function spread(values: readonly number[], show: (value: number) => string): string {
  return `${show(median(values))} [${show(Math.min(...values))}..${show(Math.max(...values))}]`;
}

/** The quotients of numbers taken in the same rounds. */
export function ratios(above: readonly number[], below: readonly number[]): number[] {
  return above.map((value, i) => value / below[i]!);
}

/** `0.51`, `1.3`, `12`: two digits that count. */
export function short(value: number): string {
  if (value >= 10) return value.toFixed(0);
  return value.toFixed(value >= 1 ? 1 : 2);
}

/** `0.53`: how ratios are shown. */
export function ratio(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toFixed(2);
}

/**
 * How many bytes a second each of these passes gets through, in millions. They take turns.
 *
 * @param passes Each goes over `bytes` bytes once.
 */
export function bytesPerSecond(
  passes: readonly (() => void)[],
  bytes: number,
  { rounds, milliseconds }: Effort,
): number[] {
  const rates: number[][] = passes.map(() => []);
  // One round more than is counted: the first one is for the compiler.
  for (let round = 0; round <= rounds; round++) {
    for (const [i, pass] of passes.entries()) {
      const start = performance.now();
      let elapsed: number;
      let count = 0;
      do {
        pass();
        count++;
        elapsed = performance.now() - start;
      } while (elapsed < milliseconds);
      if (round > 0) rates[i]!.push(count * bytes / 1000 / elapsed);
    }
  }
  return rates.map(median);
}

/** How long to measure. */
export interface Effort {
  readonly rounds: number;
  /** For one measurement. */
  readonly milliseconds: number;
}
