// The import rule: the parts of the repository that each part may import, and no circle of files.
import { dirname } from 'node:path';

/** A file and the files and modules that it imports, types included. */
export interface ImportingFile {
  /** From the root of the repository: `core/wire/ring.ts`. */
  readonly file: string;
  /** `core/wire/bytes.ts`, `node:net`. */
  readonly imports: readonly string[];
}

const lower = ['core/wire', 'core/io', 'core/client', 'core/proxy', 'core/server'];
const adapter = ['core', ...lower, 'core/bridge'];

/**
 * The folders that each part may import from, besides its own. `core` stands for the files at the
 * top of that folder, `node` for the modules of Node. A row is never wider than the drawing in
 * CONTRIBUTING.md allows, and may be narrower. It may name a folder inside a part.
 */
export const arrows: Readonly<Record<string, readonly string[]>> = {
  'core/wire': [],
  'core/io': ['core/wire'],
  'core/client': ['core/io', 'core/wire'],
  'core/proxy': ['core/io', 'core/wire'],
  'core/server': ['core/io', 'core/wire'],
  'core/bridge': ['core/client', 'core/io', 'core/wire'],
  'core/testing': ['core/server', 'core/client', 'core/io', 'core/wire'],
  // Adapters to other people's libraries, of which they import nothing.
  stores: ['core/client', 'core/io', 'core/wire'],
  core: lower,
  'transport-node': [...adapter, 'node'],
  // Deno and Bun provide Node's modules, which these transports use where the runtime's API lacks
  // something.
  'transport-deno': [...adapter, 'transport-node', 'node'],
  'transport-bun': [...adapter, 'transport-node', 'node'],
  'transport-web': adapter,
  // The API of OpenTelemetry is the only package that anything published imports, and optional.
  telemetry: ['core', 'core/client', 'core/wire', '@opentelemetry/api'],
  // These commands also run in a page.
  'cli/console': ['core/client', 'core/io', 'core/wire'],
  cli: [...adapter, 'cli/console', 'transport-node', 'conformance', 'node'],
  conformance: ['core', ...lower],
};

/** Folders that are not published, and may import from everywhere. */
const unpublished = ['test', 'bench', 'demo', 'examples', 'package'];

/**
 * The imports that break the rule: one line for each arrow that the table lacks,
 * `core/io/a.ts imports core/client/b.ts`, and one for each circle, `a.ts -> b.ts -> a.ts`.
 */
export function brokenImports(files: readonly ImportingFile[]): string[] {
  return [...forbidden(files), ...circles(files)];
}

/** The part of the repository that a file belongs to. */
export function partOf(file: string): string | undefined {
  if (file.startsWith('node:')) return 'node';
  if (file === '@opentelemetry/api') return file;
  const folder = dirname(file);
  // `core` and `cli` have parts inside, which come first.
  return ['cli/console', ...Object.keys(arrows)].find((part) =>
    folder === part || (part !== 'core' && isInside(folder, part))
  );
}

function forbidden(files: readonly ImportingFile[]): string[] {
  const found: string[] = [];
  for (const { file, imports } of files) {
    if (unpublished.some((folder) => isInside(file, folder))) continue;
    const from = partOf(file);
    for (const target of imports) {
      if (!mayImport(from, target)) found.push(`${file} imports ${target}`);
    }
  }
  return found;
}

function mayImport(from: string | undefined, target: string): boolean {
  const to = partOf(target);
  if (from === undefined || to === undefined) return false;
  // A row may name a folder inside a part; `core` stands only for the files at the top of `core`.
  return from === to ||
    arrows[from]!.some((name) =>
      name === to || (partOf(`${name}/_`) === to && isInside(target, name))
    );
}

function isInside(path: string, folder: string): boolean {
  return path.startsWith(`${folder}/`);
}

// Finds the shortest circle through each import, so each import that is part of a circle is reported.
function circles(files: readonly ImportingFile[]): string[] {
  const graph = peeled(files);
  const found = new Set<string>();
  for (const [file, targets] of graph) {
    for (const target of targets) {
      const back = shortestPath(graph, target, file);
      if (back !== undefined) found.add(fromLeast(back).join(' -> '));
    }
  }
  return [...found];
}

// Removes files that import nothing until there are none left. The rest are the circles and the files
// that lead to them: usually none, which makes the search unnecessary.
function peeled(files: readonly ImportingFile[]): Map<string, string[]> {
  const graph = new Map<string, string[]>();
  for (const { file, imports } of files) {
    graph.set(file, [...graph.get(file) ?? [], ...imports]);
  }
  for (let before = Infinity; graph.size < before;) {
    before = graph.size;
    for (const [file, targets] of graph) {
      if (!targets.some((target) => graph.has(target))) graph.delete(file);
    }
  }
  return graph;
}

function shortestPath(
  graph: ReadonlyMap<string, readonly string[]>,
  from: string,
  to: string,
): string[] | undefined {
  const previous = new Map<string, string | undefined>([[from, undefined]]);
  // The iteration of a Map includes the entries that are added during it.
  for (const file of previous.keys()) {
    if (file === to) return pathTo(file, previous);
    for (const next of graph.get(file) ?? []) {
      if (!previous.has(next)) previous.set(next, file);
    }
  }
  return undefined;
}

function pathTo(file: string, previous: ReadonlyMap<string, string | undefined>): string[] {
  const path: string[] = [];
  for (let at: string | undefined = file; at !== undefined; at = previous.get(at)) path.unshift(at);
  return path;
}

// One spelling for each circle: from the file that sorts first, and back to it.
function fromLeast(circle: readonly string[]): string[] {
  const start = circle.indexOf(circle.toSorted()[0]!);
  return [...circle.slice(start), ...circle.slice(0, start), circle[start]!];
}
