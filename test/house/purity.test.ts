// What the source of the core may not mention: runtimes, clocks, promises.
import { isPropertyAccessExpression, SyntaxKind } from 'typescript/unstable/ast';
import * as assert from 'uvu/assert';
import { suite } from '../runner/suite.ts';
import { identifiers, imports, type Source, sources, walk } from './source.ts';

const house = suite('house: purity');
// Commands that also run in a page cannot use Node.
const console = sources('cli/console');
// Stores run wherever their client does.
// That of Next excepted, which asks for Buffers.
const stores = sources('stores').filter(({ file }) => file !== 'stores/next.ts');
const core = sources('core');
const wire = core.filter(({ file }) => file.startsWith('core/wire/'));

house('core names no runtime', () => {
  const runtime = ['Deno', 'Bun', 'Buffer', 'process', 'console', 'window', 'document', 'require'];
  for (const source of [...core, ...console, ...stores]) {
    const names = identifiers(source);
    // The option of `rateLimit`; the global does not compile without the types of pages.
    if (source.file === 'core/client/patterns/counters.ts') names.delete('window');
    for (const name of runtime) assert.not(names.has(name), `${source.file} mentions ${name}`);
    for (const target of imports(source)) {
      const isNeutral = /^(core|cli\/console|stores)\//.test(target);
      assert.ok(isNeutral, `${source.file} imports ${target}`);
    }
  }
});

house('core/wire is synchronous and uses no clock', () => {
  assert.ok(wire.length > 20);
  const later = ['Promise', 'PromiseLike', 'setTimeout', 'setInterval', 'setImmediate'];
  const clocks = ['queueMicrotask', 'Date', 'performance', 'Temporal'];
  for (const source of wire) {
    const names = identifiers(source);
    for (const name of [...later, ...clocks]) {
      assert.not(names.has(name), `${source.file} mentions ${name}`);
    }
    assert.not(has(source, SyntaxKind.AsyncKeyword), `${source.file} has async`);
    assert.not(has(source, SyntaxKind.AwaitExpression), `${source.file} has await`);
  }
});

house('Date.now is written once', () => {
  const written: string[] = [];
  const folders = ['node', 'deno', 'bun', 'web'].map((name) => `transport-${name}`);
  for (const source of [...core, ...[...folders, 'stores', 'conformance'].flatMap(sources)]) {
    walk(source.tree, (node) => {
      if (!isPropertyAccessExpression(node)) return;
      if (node.expression.getText() === 'Date' && node.name.text === 'now') {
        written.push(source.file);
      }
    });
  }
  assert.equal(written, ['core/io/clock.ts']);
});

function has({ tree }: Source, kind: SyntaxKind): boolean {
  let found = false;
  walk(tree, (node) => {
    found ||= node.kind === kind;
  });
  return found;
}

house.run();
