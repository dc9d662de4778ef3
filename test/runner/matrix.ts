// The table of results that a test run prints.

/** A runtime that tests run on. */
export type Runtime = 'node' | 'deno' | 'bun';

/** The results of the tests of a suite. */
export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

const columns: readonly Runtime[] = ['node', 'deno', 'bun'];
/** The maximum width of a column, so that one long name does not widen the whole table. */
const MAX_WIDTH = 48;
const NONE: Counts = { passed: 0, failed: 0, skipped: 0 };

/** The results of every suite on every runtime, against every server. */
export class Matrix {
  readonly #rows = new Map<string, Map<Runtime, Counts>>();
  readonly #needs = new Set<string>();

  /** @param suite Its name, then after a `|` the server that it ran against. */
  add(suite: string, runtime: Runtime, counts: Counts): void {
    const row = this.#rows.get(suite) ?? new Map<Runtime, Counts>();
    this.#rows.set(suite, row.set(runtime, sum([row.get(runtime) ?? NONE, counts])));
  }

  /** Records the unmet need of a skipped test: `memcached`. */
  addNeed(need: string): void {
    this.#needs.add(need);
  }

  /** The unmet needs of the skipped tests, by name. */
  get needs(): string[] {
    return [...this.#needs].sort();
  }

  get total(): Counts {
    return sum([...this.#rows.values()].flatMap((row) => [...row.values()]));
  }

  /** The table, one line for each suite. */
  toString(): string {
    const lines = [['suite', 'server', ...columns]];
    for (const [name, row] of [...this.#rows].sort(([left], [right]) => (left < right ? -1 : 1))) {
      const [suite = '', server = ''] = name.split(' | ');
      lines.push([suite, server, ...columns.map((runtime) => cell(row.get(runtime)))]);
    }
    const widths = lines[0]!.map((_, i) =>
      Math.min(MAX_WIDTH, Math.max(...lines.map((line) => line[i]!.length)))
    );
    return lines.map((line) => line.map((text, i) => text.padEnd(widths[i]!)).join('  ').trimEnd())
      .join('\n');
  }
}

function sum(all: readonly Counts[]): Counts {
  return all.reduce((left, right) => ({
    passed: left.passed + right.passed,
    failed: left.failed + right.failed,
    skipped: left.skipped + right.skipped,
  }), NONE);
}

// Suites of Node's parts, or of the repository, do not run on other runtimes, which show a dot.
function cell(counts: Counts | undefined): string {
  if (counts === undefined) return '.';
  const { passed, failed, skipped } = counts;
  const words = [
    passed > 0 && `${passed} passed`,
    failed > 0 && `${failed} FAILED`,
    skipped > 0 && `${skipped} skipped`,
  ];
  return words.filter((word) => word !== false).join(', ');
}
