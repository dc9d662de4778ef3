import * as assert from 'uvu/assert';
import { suite } from '../../../test/runner/suite.ts';
import { utf8 } from '../../wire/bytes.ts';
import { UsageError } from '../../wire/errors.ts';
import { type HashNode, SchemeHasher } from './hasher.ts';
import { modula as makeModula } from './modulo.ts';
import { murmur3 } from './digests/murmur3.ts';
import { rendezvous as makeRendezvous } from './rendezvous.ts';
import { ketama } from './rings.ts';
import { hashSchemes } from './schemes.ts';

const hasher = suite('hashing: hasher');
const { rendezvous, weightedKetama, modula } = hashSchemes;
const keys = Array.from({ length: 300 }, (_, i) => `user:${i}:profile`);
const nodes: readonly HashNode[] = ['a:1', 'b:1', 'c:1'].map((name) => ({ name }));

function owners(of: SchemeHasher): (string | undefined)[] {
  return keys.map((key) => of.nodeFor(key)?.name);
}

for (const [name, scheme] of Object.entries(hashSchemes)) {
  hasher(`${name}: no nodes, no node`, () => {
    const empty = new SchemeHasher(scheme);
    assert.is(empty.nodeFor('key'), undefined);
    assert.equal(empty.nodes, []);
    empty.add({ name: 'a:1' });
    assert.is(empty.nodeFor('key')?.name, 'a:1');
    assert.is(empty.remove('a:1'), true);
    assert.is(empty.nodeFor('key'), undefined);
  });

  hasher(`${name}: a node that is added and removed leaves the mapping of before`, () => {
    const one = new SchemeHasher(scheme, nodes);
    const before = owners(one);
    for (const at of [0, 1, 3]) {
      one.add({ name: 'd:1' }, at);
      assert.not.equal(owners(one), before);
      assert.is(one.remove('d:1'), true);
      assert.equal(owners(one), before);
    }
  });

  hasher(`${name}: a node that comes back to its place gets its keys back`, () => {
    const one = new SchemeHasher(scheme, nodes);
    const before = owners(one);
    assert.is(one.remove('b:1'), true);
    assert.not(owners(one).includes('b:1'));
    one.add({ name: 'b:1' }, 1);
    assert.equal(owners(one), before);
  });

  hasher(`${name}: text and its UTF-8 bytes are one key`, () => {
    if (name === 'pymemcache') return;
    const one = new SchemeHasher(scheme, nodes);
    for (const key of [...keys, '', 'é', '日本語', '🍺', 'é'.repeat(2000), 'x'.repeat(5000)]) {
      assert.is(one.nodeFor(key), one.nodeFor(utf8(key)), key);
    }
  });
}

hasher('removing a node that is not there changes nothing, and says so', () => {
  const one = new SchemeHasher(rendezvous, nodes);
  const before = owners(one);
  assert.is(one.remove('d:1'), false);
  assert.equal(one.nodes, nodes);
  assert.equal(owners(one), before);
});

hasher('nodes are copied: what the caller changes later does not matter', () => {
  const first = { name: 'a:1', weight: 1 };
  const mine = [first, { name: 'b:1', weight: 1 }];
  const one = new SchemeHasher(weightedKetama, mine);
  const before = owners(one);
  first.weight = 100;
  mine.pop();
  one.add({ name: 'c:1' });
  assert.is(one.remove('c:1'), true);
  assert.equal(owners(one), before);
});

hasher('a refused node changes nothing', () => {
  const one = new SchemeHasher(rendezvous, nodes);
  const before = owners(one);
  const refused: readonly (readonly [node: HashNode, at?: number])[] = [
    [{ name: 'a:1' }],
    [{ name: '' }],
    [{ name: 'd:1', weight: 2 }],
    [{ name: 'd:1', weight: 0 }],
    [{ name: 'd:1', weight: NaN }],
    [{ name: 'd:1' }, 4],
    [{ name: 'd:1' }, -1],
    [{ name: 'd:1' }, 0.5],
  ];
  for (const [node, at] of refused) {
    assert.throws(() => one.add(node, at), (error: unknown) => error instanceof UsageError);
    assert.equal(one.nodes, nodes);
    assert.equal(owners(one), before);
  }
});

hasher('a scheme that gives no function is refused', () => {
  for (const scheme of [() => 1, () => undefined, () => ({})]) {
    assert.throws(
      () => new SchemeHasher(scheme as never, [{ name: 'a' }]),
      /^scheme must return a function of a key/,
    );
  }
});

hasher('weights are refused by the schemes without them', () => {
  const weighted = [{ name: 'a:1', weight: 2 }, { name: 'b:1', weight: 1 }];
  const taken = Object.entries(hashSchemes).filter(([, scheme]) => {
    try {
      new SchemeHasher(scheme, weighted);
      return true;
    } catch (error) {
      assert.instance(error, UsageError);
      return false;
    }
  });
  assert.equal(taken.map(([name]) => name), [
    'dalli',
    'hashring',
    'ketama',
    'pythonMemcached',
    'weightedKetama',
  ]);
});

hasher('a weight of ch3 is a part of a full node', () => {
  const one = new SchemeHasher(hashSchemes.ch3, [{ name: 'a:1', weight: 0.5 }]);
  assert.is(one.nodeFor('key')?.name, 'a:1');
  const tooMuch = (): void => one.add({ name: 'b:1', weight: 1.5 });
  assert.throws(tooMuch, (error: unknown) => error instanceof UsageError);
});

hasher('what is no key is refused', () => {
  const one = new SchemeHasher(modula, nodes);
  const lie = JSON.parse('{"key":7}') as { key: string };
  assert.throws(() => one.nodeFor(lie.key), (error: unknown) => error instanceof UsageError);
});

hasher('what is no scheme is refused', () => {
  const wrong: readonly (readonly [argument: string, make: () => unknown])[] = [
    ['seed', () => makeRendezvous({ seed: -1 })],
    ['seed', () => makeRendezvous({ seed: 2 ** 32 })],
    ['seed', () => makeRendezvous({ seed: '1' as unknown as number })],
    ['hash', () => makeRendezvous({ hash: 'crc32' as never })],
    ['hashFunction', () => makeRendezvous({ hashFunction: Math.random } as object)],
    ['options', () => makeRendezvous(5 as never)],
    ['hash', () => makeModula('md6' as 'md5')],
    ['hash', () => ketama('constructor' as 'md5')],
    ['data', () => murmur3(5 as never)],
    ['seed', () => murmur3('a', 1.5)],
  ];
  for (const value of [NaN, Infinity, 5n, '5', undefined]) {
    const one = new SchemeHasher(makeRendezvous({ hash: () => value as number }), nodes);
    assert.throws(() => one.nodeFor('key'), isUsage('hash'));
  }
  for (const [argument, make] of wrong) assert.throws(make, isUsage(argument));
});

function isUsage(argument: string): (error: unknown) => boolean {
  return (error) => error instanceof UsageError && error.argument === argument;
}

hasher.run();
