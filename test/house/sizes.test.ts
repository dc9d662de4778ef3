// Limits on the sizes of files and functions, and on the number of files in some folders.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { suite } from '../runner/suite.ts';
import { functionSizes, lonelyFiles } from './size-rule.ts';
import { imports, ROOT, sources, written } from './source.ts';

// A larger file should be split; an adapter is small because it contains no protocol.
const limits: readonly (readonly [files: RegExp, lines: number])[] = [
  [/^transport-[a-z]+\/(bridge|dial|listen|socket-transport)\.ts$/, 130],
  [/^core\/io\/web-socket-transport\.ts$/, 130],
  [/./, 600],
];

const FUNCTION_LINES = 70;

// Functions that only dispatch, with a case for each row of a table: there is nothing else to split.
const dispatchers: readonly string[] = [
  // Each verb, to the method that executes it.
  'core/server/session.ts handle',
  // Each verb, to the parser of its arguments.
  'core/wire/decode-command.ts #read',
  // Each type of reply, to the way it is written.
  'core/wire/encode-reply.ts putReply',
];

const CLIENT_MODULES = 12;
const SMALL_FILES = 3;

const named = readdirSync(ROOT, { withFileTypes: true }).filter((entry) => entry.isDirectory())
  .map(({ name }) => name)
  .filter((name) => !['node_modules', 'dist', 'site', '.git'].includes(name));
// The site is built while this runs, which makes and removes folders in its own.
const paths = [
  ...named.flatMap((folder) => filesIn(folder, true)),
  ...['site', 'site/.vitepress', 'site/.vitepress/theme'].flatMap((name) => filesIn(name, false)),
].filter((file) => file.endsWith('.ts') && !/(^|\/)(node_modules|dist)\//.test(file));
const folders = ['node', 'deno', 'bun', 'web'].map((name) => `transport-${name}`);
const all = ['core', ...folders, 'stores', 'cli', 'cli/console', 'conformance', 'test']
  .flatMap(sources)
  .filter(({ file }) => !file.endsWith('.test.ts'));

const house = suite('house: sizes');

house('no file is over its size', () => {
  assert.ok(paths.length > 100);
  for (const [pattern] of limits) assert.ok(paths.some((file) => pattern.test(file)));
  const over: string[] = [];
  for (const file of paths) {
    const lines = readFileSync(join(ROOT, file), 'utf8').split('\n').length - 1;
    const limit = limits.find(([pattern]) => pattern.test(file))?.[1] ?? 0;
    if (lines > limit) over.push(`${file} has ${lines} lines, more than ${limit}`);
  }
  assert.equal(over, []);
});

house(`no function is over ${FUNCTION_LINES} lines, but dispatchers by name`, () => {
  const sizes = all.flatMap(functionSizes);
  assert.ok(sizes.length > 1000);
  for (const name of dispatchers) {
    const found = sizes.filter((size) => size.name === name);
    assert.is(found.length, 1, `${name} is one function`);
    assert.ok(found[0]!.lines > FUNCTION_LINES, `${name} needs no exception`);
    assert.ok(found[0]!.besidesSwitch <= 10, `${name} is more than a switch`);
  }
  const over = sizes
    .filter(({ name, lines }) => lines > FUNCTION_LINES && !dispatchers.includes(name))
    .map(({ name, lines }) => `${name} has ${lines} lines`);
  assert.equal(over, []);
});

house('functions are measured in every form', () => {
  const body = '{\n  a();\n}';
  const text = [
    `function one() ${body}`,
    `const two = () => ${body};`,
    `const three = function () ${body};`,
    `class C {\nconstructor() ${body}\nfour() ${body}\nget five() ${body}\nset six(v) ${body}\n}`,
    `list.map(() => ${body});`,
    'function seven() {\n  a();\n  switch (b) {\n    case 1:\n      return;\n  }\n}',
  ].join('\n');
  const sizes = functionSizes(written(['a.ts', text])[0]!)
    .map(({ name, lines, besidesSwitch }) => `${name} ${lines} ${besidesSwitch}`);
  const names = ['one', 'two', 'three', 'constructor', 'four', 'five', 'six', 'a callback'];
  assert.equal(sizes, [...names.map((name) => `a.ts ${name} 3 3`), 'a.ts seven 7 3']);
});

house(`core/client has at most ${CLIENT_MODULES} modules at its top`, () => {
  const modules = filesAt('core/client');
  assert.ok(modules.includes('mod.ts'));
  assert.ok(modules.length <= CLIENT_MODULES, modules.join(', '));
});

house('the root of core has mod.ts and version.ts alone', () => {
  assert.equal(filesAt('core'), ['mod.ts', 'version.ts']);
});

house(`core has at most ${SMALL_FILES} files of 40 lines with one importer`, () => {
  const files = all.filter(({ file }) => file.startsWith('core/')).map((source) => ({
    file: source.file,
    imports: [...new Set(imports(source))],
    lines: source.tree.text.split('\n').length - 1,
  }));
  const lonely = lonelyFiles(files, 40);
  assert.ok(lonely.length <= SMALL_FILES, lonely.join(', '));
  assert.equal(
    lonelyFiles([...files, { file: 'core/new.ts', imports: [], lines: 40 }], 40),
    lonely,
    'a file that nobody imports',
  );
  const one = { file: 'core/new.ts', imports: [], lines: 40 };
  const by = { file: 'core/by.ts', imports: [one.file], lines: 500 };
  const byMod = { file: 'core/some/mod.ts', imports: [one.file], lines: 5 };
  assert.equal(lonelyFiles([one, by, byMod], 40), [one.file]);
  assert.equal(lonelyFiles([{ ...one, lines: 41 }, by], 40), []);
  assert.equal(lonelyFiles([one, by, { ...by, file: 'core/by-too.ts' }], 40), []);
});

function filesIn(folder: string, recursive: boolean): string[] {
  return readdirSync(join(ROOT, folder), { recursive, encoding: 'utf8' })
    .map((file) => `${folder}/${file}`);
}

/** The modules directly in a folder, without its tests. */
function filesAt(folder: string): string[] {
  return readdirSync(join(ROOT, folder))
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .toSorted();
}

house.run();
