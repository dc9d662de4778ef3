// The direction of imports, on the real files, and on the real files with one import too many.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { suite } from '../runner/suite.ts';
import { arrows, brokenImports, type ImportingFile, partOf } from './import-rule.ts';
import { imports, ROOT, type Source, sources, written } from './source.ts';

// The arrows that the text below the drawing permits.
const besides: readonly (readonly [from: string, to: string])[] = [
  ['transport-deno', 'transport-node'],
  ['transport-bun', 'transport-node'],
  ['cli', 'cli/console'],
];

const folders = [...new Set(Object.keys(arrows).map((part) => part.split('/')[0]!)), 'cli/console'];
const files: readonly ImportingFile[] = [...folders, 'test']
  .flatMap(sources)
  .filter(({ file }) => !file.endsWith('.test.ts'))
  .map(importing);
const layers = drawing();

const house = suite('house: direction of imports');

house('every file imports only what it may, and there is no circle', () => {
  for (const part of Object.keys(arrows)) {
    assert.ok(files.some(({ file, imports }) => partOf(file) === part && imports.length > 0), part);
  }
  assert.equal(brokenImports(files), []);
});

house('no row of the table is wider than the drawing in CONTRIBUTING.md', () => {
  assert.ok(layers.length > 5);
  for (const [part, targets] of Object.entries(arrows)) {
    if (layerOf(part) === -1) continue;
    for (const target of targets.filter((name) => layerOf(name) !== -1)) {
      assert.ok(isDrawn(part, target), `${part} may import ${target}`);
    }
  }
});

house('an import against the drawing is reported, whatever the two parts are', () => {
  const drawn = [...new Set(files.map(({ file }) => partOf(file) ?? ''))]
    .filter((part) => layerOf(part) !== -1);
  let seen = 0;
  for (const from of drawn) {
    for (const to of drawn) {
      if (from === to || isDrawn(from, to)) continue;
      seen++;
      const bad = { file: fileOf(from), imports: [fileOf(to)] };
      assert.ok(broken(bad).includes(`${fileOf(from)} imports ${fileOf(to)}`), `${from} -> ${to}`);
    }
  }
  assert.ok(seen > 50, `${seen} kinds of arrow were tried`);
});

house('an arrow that the table lacks is reported', () => {
  const others: readonly (readonly [from: string, to: string])[] = [
    ['core/bridge', 'core/server'],
    ['core/server', 'core'],
    ['core', 'core/bridge'],
    ['core', 'core/testing'],
    ['core', 'conformance'],
    ['conformance', 'core/bridge'],
    ['conformance', 'transport-node'],
    ['transport-node', 'conformance'],
    ['transport-node', 'cli'],
    ['cli/console', 'cli'],
    ['cli/console', 'core'],
    ['cli', 'core/testing'],
    ['cli', 'transport-deno'],
  ];
  for (const [from, to] of others) {
    const bad = { file: fileOf(from), imports: [fileOf(to)] };
    assert.ok(broken(bad).includes(`${fileOf(from)} imports ${fileOf(to)}`), `${from} -> ${to}`);
  }
  for (const from of ['core/wire', 'core/client', 'core', 'transport-web', 'conformance']) {
    for (const target of ['node:net', 'test/support/cases.ts', 'bench/main.ts', 'uvu']) {
      const file = fileOf(from);
      assert.ok(
        broken({ file, imports: [target] }).includes(`${file} imports ${target}`),
        `${from}: ${target}`,
      );
    }
  }
});

house('an import is read in whatever form it is written', () => {
  const forms = [
    "import { a } from './wire.ts'",
    "import './wire.ts'",
    "import type { A } from './wire.ts'",
    "import { type A } from './wire.ts'",
    "import type * as all from './wire.ts'",
    "export { a } from './wire.ts'",
    "export * from './wire.ts'",
    "export type { A } from './wire.ts'",
    "export type A = import('./wire.ts').A",
    "export const all = import('./wire.ts')",
  ];
  const read = writtenImports(...forms.map((form, i) => [`core/${i}.ts`, form] as const));
  assert.equal(read.map((file) => file.imports), forms.map(() => ['core/wire.ts']));
});

house("a type of the client in core's io is reported", () => {
  const bad = writtenImports([
    'core/io/clock.ts',
    "import type { Item } from '../client/results.ts'",
  ]);
  assert.ok(broken(...bad).includes('core/io/clock.ts imports core/client/results.ts'));
});

house('a circle of two files is reported, made of a type', () => {
  const bad = writtenImports(['core/wire/bytes.ts', "import type { Token } from './tokens.ts'"]);
  const circle = 'core/wire/bytes.ts -> core/wire/tokens.ts -> core/wire/bytes.ts';
  assert.ok(broken(...bad).includes(circle));
});

house('a circle of three files is reported, made of types', () => {
  const bad = writtenImports(
    ['core/version.ts', "import type { One } from './one.ts'"],
    ['core/one.ts', "export type { One } from './other.ts'"],
    ['core/other.ts', "export type One = import('./version.ts').One"],
  );
  const circle = 'core/one.ts -> core/other.ts -> core/version.ts -> core/one.ts';
  assert.equal(broken(...bad), [circle]);
});

house('a file that imports itself is reported', () => {
  const bad = writtenImports(['core/wire/bytes.ts', "import type { Bytes } from './bytes.ts'"]);
  assert.ok(broken(...bad).includes('core/wire/bytes.ts -> core/wire/bytes.ts'));
});

/** Files with these texts, as their imports are read. */
function writtenImports(
  ...texts: readonly (readonly [file: string, text: string])[]
): ImportingFile[] {
  return written(...texts).map(importing);
}

function importing(source: Source): ImportingFile {
  return { file: source.file, imports: imports(source) };
}

/** The violations that some additional imports cause. Without them there are none. */
function broken(...bad: readonly ImportingFile[]): string[] {
  return brokenImports([...files, ...bad]);
}

/** The path of a file in a part, which is no test and does not exist. */
function fileOf(part: string): string {
  return `${part}/new.ts`;
}

/** The layers of the drawing in CONTRIBUTING.md, the lowest first. */
function drawing(): string[][] {
  const text = readFileSync(join(ROOT, 'CONTRIBUTING.md'), 'utf8');
  const line = text.split('\n').find((row) => row.startsWith('core/wire <- ')) ?? '';
  return line.split(' <- ').map((layer) => layer.split(', '));
}

/** The layer that a part, or a folder in it, is in; -1 if it is not in the drawing. */
function layerOf(name: string): number {
  return layers.findIndex((parts) =>
    parts.some((part) =>
      part.endsWith('*') ? name.startsWith(part.slice(0, -1)) : under(name, part)
    )
  );
}

function under(name: string, part: string): boolean {
  return name === part || name.startsWith(`${part}/`);
}

/** Whether the drawing has this arrow, which leads to a lower layer, or the text below it does. */
function isDrawn(from: string, to: string): boolean {
  return layerOf(to) < layerOf(from) ||
    besides.some(([source, target]) => source === from && target === to);
}

house.run();
