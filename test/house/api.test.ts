import { readFileSync } from 'node:fs';
import * as assert from 'uvu/assert';
import { suite } from '../runner/suite.ts';
import { apiPage, entries, exportsOf, FILE } from './api.ts';

const house = suite('house: exports');

house('docs/api.md is what `npm run docs` writes', () => {
  assert.is(readFileSync(FILE, 'utf8'), apiPage());
});

house('memwire exports at most 45 values and 120 names, the same on Node, Deno and Bun', () => {
  const names = (runtime: string): string[] =>
    exportsOf(`transport-${runtime}/mod.ts`).map(({ name, kind }) => `${kind} ${name}`);
  const node = names('node');
  assert.ok(node.length <= 120, `${node.length} names`);
  const values = node.filter((name) => name.startsWith('value'));
  assert.ok(values.length <= 45, `${values.length} values`);
  for (const runtime of ['deno', 'bun']) assert.equal(names(runtime), node, runtime);
});

house('memwire/core has no client', () => {
  const names = exportsOf(entries['memwire/core']![0]).map(({ name }) => name);
  const clients = names.filter((name) => /Client$|^Memcache$/.test(name));
  assert.equal(clients, []);
  assert.ok(names.includes('Cluster'));
});

house('every exported name has a comment', () => {
  const bare = Object.values(entries).flatMap(([file]) => exportsOf(file))
    .filter(({ meaning }) => meaning === '');
  assert.equal(bare.map(({ file, name }) => `${file}: ${name}`), []);
});

house('no exported name is one of the platform', () => {
  // What pages have beside Node.
  const pages = [
    'Document',
    'Element',
    'Event',
    'File',
    'Lock',
    'Node',
    'Range',
    'Request',
    'Window',
  ];
  for (const [entry, [file]] of Object.entries(entries)) {
    for (const { name } of exportsOf(file)) {
      assert.not(name in globalThis || pages.includes(name), `${entry}: ${name}`);
    }
  }
});

house('no name means two things', () => {
  const declared = new Map<string, string>();
  for (const [entry, [file]] of Object.entries(entries)) {
    // The client of pages, and how it dials, have the names that they have elsewhere.
    if (entry === 'memwire/web') continue;
    for (const one of exportsOf(file)) {
      assert.is(declared.get(one.name) ?? one.file, one.file, one.name);
      declared.set(one.name, one.file);
    }
  }
});

house.run();
