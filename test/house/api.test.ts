// The exports of the package: their number, their names, and whether the docs mention each.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  isBlock,
  isExportDeclaration,
  isIdentifier,
  isImportDeclaration,
  isStringLiteral,
  type Node,
  SyntaxKind,
} from 'typescript/unstable/ast';
import * as assert from 'uvu/assert';
import { suite } from '../runner/suite.ts';
import { apiPage, entries, exportsOf, FILE } from './api.ts';
import { ROOT, sources, walk } from './source.ts';

/** Classes that each runtime defines on its own transport, under their names in the core. */
const ofRuntimes = new Set(['Client', 'DnsDiscovery', 'HashClient', 'PooledClient']);

const house = suite('house: exports');
const published = ['core', 'transport-node', 'transport-deno', 'transport-bun', 'transport-web']
  .concat('telemetry', 'stores', 'cli', 'conformance')
  .flatMap((folder) => sources(folder));

house('docs/api.md is what `npm run docs` writes', () => {
  assert.is(readFileSync(FILE, 'utf8'), apiPage());
});

house('memwire exports at most 45 values and 140 names, the same on Node, Deno and Bun', () => {
  const names = (runtime: string): string[] =>
    exportsOf(`transport-${runtime}/mod.ts`).map(({ name, kind }) => `${kind} ${name}`);
  const node = names('node');
  assert.ok(node.length <= 140, `${node.length} names`);
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

// docs/api.md lists every name, but does not explain its use, so it does not count. A type counts as
// named if a named declaration refers to it, even through types that are not exported: a program needs
// it to annotate the arguments and results of that declaration.
house('every exported name is in a page that is written by hand', () => {
  const named = namesInPages();
  const declared = partsOfDeclarations();
  const missing: string[] = [];
  for (const [entry, [file]] of Object.entries(entries)) {
    const names = exportsOf(file);
    // The iteration of a set includes the elements that are added during it.
    const reached = new Set(names.map(({ name }) => name).filter((name) => named.has(name)));
    for (const name of reached) for (const part of declared.get(name) ?? []) reached.add(part);
    for (const { name, kind } of names) {
      const isNamed = named.has(name) || (kind === 'type' && reached.has(name));
      if (!isNamed) missing.push(`${entry}: ${name}`);
    }
  }
  assert.equal(missing, []);
});

// With `exactOptionalPropertyTypes` a program could else not pass on what it may not have.
house('every optional property may be undefined', () => {
  // Interfaces of a runtime say what that takes, and nobody imports from the command line.
  const own = published.filter(({ file }) => !/^(transport-(bun|deno)|cli)\//.test(file));
  const strict: string[] = [];
  let seen = 0;
  for (const { file, tree } of own) {
    walk(tree, (node) => {
      if (node.kind !== SyntaxKind.PropertySignature) return;
      const text = node.getText();
      if (!/^(readonly )?\w+\?:/.test(text)) return;
      seen++;
      if (!/(\| undefined|: unknown);?$/.test(text)) strict.push(`${file}: ${text}`);
    });
  }
  assert.ok(seen > 100);
  assert.equal(strict, []);
});

house('no exported name is one of the platform', () => {
  const globals = new Set(Object.getOwnPropertyNames(globalThis));
  // Exports of the page's entry that Node's does not have.
  const pages = readFileSync(libOfPages(), 'utf8');
  for (const [, name = ''] of pages.matchAll(/^declare (?:var|function|type) (\w+)/gm)) {
    globals.add(name);
  }
  assert.ok(globals.has('Buffer') && globals.has('AbortSignal') && globals.has('Range'));
  // The type of `client.cache()`. The platform's own is only of use in service workers.
  globals.delete('Cache');
  for (const [entry, [file]] of Object.entries(entries)) {
    for (const { name } of exportsOf(file)) assert.not(globals.has(name), `${entry}: ${name}`);
  }
});

house(
  'files of the package import from the files of others, and not from a list of exports',
  () => {
    const lists = published.filter(({ tree }) => isListOfExports(tree)).map(({ file }) => file);
    for (const list of ['core/mod.ts', 'core/bridge/mod.ts', 'conformance/mod.ts']) {
      assert.ok(lists.includes(list), list);
    }
    const found: string[] = [];
    for (const { file, tree } of published) {
      // An entry may export a name again that another entry exports.
      if (lists.includes(file)) continue;
      tree.forEachChild((node) => {
        if (!isImportDeclaration(node) || !isStringLiteral(node.moduleSpecifier)) return;
        const target = join(file, '..', node.moduleSpecifier.text);
        if (lists.includes(target)) found.push(`${file} imports ${target}`);
      });
    }
    assert.equal(found, []);
  },
);

house('no name means two things', () => {
  const declared = new Map<string, string>();
  for (const [entry, [file]] of Object.entries(entries)) {
    // The dial functions of pages and Workers have the same name as those of the other runtimes.
    if (entry === 'memwire/web' || entry === 'memwire/workers') continue;
    for (const one of exportsOf(file)) {
      if (ofRuntimes.has(one.name)) continue;
      assert.is(declared.get(one.name) ?? one.file, one.file, one.name);
      declared.set(one.name, one.file);
    }
  }
});

function isListOfExports(tree: Node): boolean {
  let declares = false;
  let count = 0;
  tree.forEachChild((node) => {
    if (isExportDeclaration(node) && node.moduleSpecifier !== undefined) count++;
    else if (node.kind !== SyntaxKind.EndOfFile) declares = true;
  });
  return count > 0 && !declares;
}

/** The names in the code samples and the inline code of the pages that are written by hand. */
function namesInPages(): Set<string> {
  const generated = new Set(['api.md', 'verbs.md']);
  const pages = readdirSync(join(ROOT, 'docs'))
    .filter((file) => file.endsWith('.md') && !generated.has(file))
    .map((file) => join('docs', file));
  const names = new Set<string>();
  for (const page of ['README.md', ...pages]) {
    const text = readFileSync(join(ROOT, page), 'utf8');
    for (const [code] of text.matchAll(/```[^]*?```|`[^`]+`/g)) {
      for (const [name] of code.matchAll(/\w+/g)) names.add(name);
    }
  }
  return names;
}

/** The names that each declaration of the package refers to, by its own name. */
function partsOfDeclarations(): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  for (const { tree } of published) {
    tree.forEachChild((statement) => {
      if (isImportDeclaration(statement) || isExportDeclaration(statement)) return;
      const names = identifiersIn(statement);
      // The first one is its own name.
      const [name] = names;
      if (name !== undefined) found.set(name, new Set([...found.get(name) ?? [], ...names]));
    });
  }
  return found;
}

/** The names in a declaration, without the bodies of its functions. */
function identifiersIn(declaration: Node): Set<string> {
  const found = new Set<string>();
  const visit = (node: Node): void => {
    if (isBlock(node)) return;
    if (isIdentifier(node)) found.add(node.text);
    node.forEachChild(visit);
  };
  visit(declaration);
  return found;
}

function libOfPages(): string {
  const folder = join(ROOT, 'node_modules/@typescript');
  const [compiler = ''] = readdirSync(folder).filter((name) => name.startsWith('typescript-'));
  return join(folder, compiler, 'lib/lib.dom.d.ts');
}

house.run();
