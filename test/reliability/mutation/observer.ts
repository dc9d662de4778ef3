// Notes which mutants would change something while a test runs: the functions that the observed
// text of a mutable file calls.

/** The operators that evaluate both operands, each once, and assign nothing. */
export const operators: ReadonlyMap<string, (left: never, right: never) => unknown> = new Map<
  string,
  (left: number, right: number) => unknown
>([
  ['+', (left, right) => left + right],
  ['-', (left, right) => left - right],
  ['*', (left, right) => left * right],
  ['/', (left, right) => left / right],
  ['%', (left, right) => left % right],
  ['<<', (left, right) => left << right],
  ['>>', (left, right) => left >> right],
  ['>>>', (left, right) => left >>> right],
  ['&', (left, right) => left & right],
  ['|', (left, right) => left | right],
  ['^', (left, right) => left ^ right],
  ['<', (left, right) => left < right],
  ['<=', (left, right) => left <= right],
  ['>', (left, right) => left > right],
  ['>=', (left, right) => left >= right],
  ['===', (left, right) => left === right],
  ['!==', (left, right) => left !== right],
]);

/** The mutants that a test can kill. */
export class Observer {
  /** The mutants that were reached, whether they change something or not. */
  readonly reached = new Set<number>();
  /** By number, the round in which a mutant was found to change something. */
  readonly #found: number[] = [];
  #differing: number[] = [];
  #round = 1;

  /** Makes its functions global. */
  install(): void {
    const reach = (id: number): void => this.#reach(id);
    const compare = (id: number, value: unknown, other: () => unknown): unknown => {
      if (this.#found[id] !== this.#round) this.#compare(id, value, other);
      return value;
    };
    const operate = (
      left: never,
      operator: string,
      right: never,
      ...others: (number | string)[]
    ): unknown => {
      const value = operators.get(operator)!(left, right);
      for (let i = 0; i < others.length; i += 2) {
        const other = operators.get(others[i + 1] as string)!;
        compare(others[i] as number, value, () => other(left, right));
      }
      return value;
    };
    Object.assign(globalThis, { reach, compare, operate });
  }

  /** The mutants that would have changed something since the last call. */
  take(): number[] {
    const differing = this.#differing;
    this.#differing = [];
    this.#round++;
    return differing;
  }

  #reach(id: number): void {
    if (this.#found[id] === this.#round) return;
    this.#found[id] = this.#round;
    this.#differing.push(id);
    this.reached.add(id);
  }

  #compare(id: number, value: unknown, other: () => unknown): void {
    this.reached.add(id);
    try {
      if (Object.is(value, other())) return;
    } catch {
      // It throws, and the original does not.
    }
    this.#reach(id);
  }
}
