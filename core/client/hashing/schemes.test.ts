import * as assert from 'uvu/assert';
import { pymemcacheBytes } from '../../../conformance/vectors/digests.ts';
import { type Fleet, fleets, hashKeys, routeVectors } from '../../../conformance/vectors/routes.ts';
import { suite } from '../../../test/runner/suite.ts';
import { type HashNode, type HashScheme, SchemeHasher } from './hasher.ts';
import { modula } from './modulo.ts';
import { ketama } from './rings.ts';
import { type HashSchemeName, hashSchemes } from './schemes.ts';

const schemes = suite('hashing: schemes');

for (const { scheme: name, hash, source, owners } of routeVectors) {
  const scheme = hash === undefined
    ? hashSchemes[name]
    : (name === 'ketama' ? ketama : modula)(hash);
  for (const [fleet, expected] of Object.entries(owners)) {
    schemes(`${name}${hash === undefined ? '' : ` of ${hash}`}, ${fleet}: as ${source}`, () => {
      const nodes = fleets[fleet as Fleet];
      const hasher = new SchemeHasher(scheme, nodes);
      assert.is(hashKeys.map((key) => indexIn(nodes, hasher.nodeFor(key))).join(''), expected);
    });
  }
}

schemes("every scheme has vectors of its own clients, but jump, which is nobody's", () => {
  const proven = new Set(routeVectors.map(({ scheme }) => scheme));
  assert.equal(Object.keys(hashSchemes).filter((name) => !proven.has(name as HashSchemeName)), [
    'jump',
  ]);
});

schemes('pymemcache hashes bytes by their representation', () => {
  const hasher = new SchemeHasher(hashSchemes.pymemcache, fleets.ten);
  for (const [hex, expected] of pymemcacheBytes) {
    const key = Uint8Array.from(hex.match(/../g) ?? [], (byte) => parseInt(byte, 16));
    assert.is(indexIn(fleets.ten, hasher.nodeFor(key)), expected, hex);
  }
});

const COUNT = 20_000;
const keys = Array.from({ length: COUNT }, (_, i) => `user:${i}:profile`);

/**
 * How far the share of any of ten equal nodes may be from a tenth, as a part of it: a few points on
 * a circle divide it worse than a fresh choice for every key.
 */
const uneven: Readonly<Record<HashSchemeName, number>> = {
  ch3: 0.08,
  dalli: 0.2,
  gomemcache: 0.1,
  hashring: 0.2,
  jump: 0.08,
  ketama: 0.25,
  memjs: 0.08,
  modula: 0.08,
  pymemcache: 0.08,
  pythonMemcached: 0.08,
  rendezvous: 0.08,
  spymemcached: 0.08,
  weightedKetama: 0.25,
};

/** The schemes with a modulo: when one of ten nodes leaves, nine of ten keys move. */
const scatter: readonly HashSchemeName[] = [
  'gomemcache',
  'memjs',
  'modula',
  'pythonMemcached',
  'spymemcached',
];

/** The schemes that only the last node of the list may leave without moving the keys of others. */
const numbered: readonly HashSchemeName[] = [...scatter, 'ch3', 'jump'];

for (const [name, part] of Object.entries(uneven) as [HashSchemeName, number][]) {
  const scheme = hashSchemes[name];

  schemes(`${name}: each of ten nodes has a tenth of the keys, give or take ${part} of it`, () => {
    const counts = countOf(new SchemeHasher(scheme, fleets.ten));
    for (const { name: node } of fleets.ten) {
      const share = counts.get(node)! * 10 / COUNT;
      assert.ok(Math.abs(share - 1) <= part, `${node} has ${share} of its tenth`);
    }
  });

  const what = scatter.includes(name) ? 'most keys of others move' : 'only its keys move';
  schemes(`${name}: when the tenth of ten nodes leaves, ${what}`, () => {
    const moved = movedOfOthers(scheme, 'cache10.example:11211');
    if (scatter.includes(name)) assert.ok(moved > 0.85 && moved < 0.93, `${moved}`);
    else assert.is(moved, 0);
  });

  const which = numbered.includes(name) ? 'most keys of others move' : 'only its keys move';
  schemes(`${name}: when the fourth of ten nodes leaves, ${which}`, () => {
    const moved = movedOfOthers(scheme, 'cache4.example:11211');
    if (numbered.includes(name)) assert.ok(moved > 0.5, `${moved}`);
    else assert.is(moved, 0);
  });
}

for (const name of ['dalli', 'hashring', 'ketama', 'pythonMemcached', 'weightedKetama'] as const) {
  schemes(`${name}: a node has keys by its weight`, () => {
    const weights = [1, 2, 5];
    const nodes = weights.map((weight, i) => ({ name: `cache${i}.example:11211`, weight }));
    const counts = countOf(new SchemeHasher(hashSchemes[name], nodes));
    for (const { name: node, weight } of nodes) {
      const share = counts.get(node)! / COUNT * 8 / weight;
      assert.ok(Math.abs(share - 1) < 0.25, `${node} has ${share} of its share`);
    }
  });
}

function indexIn(nodes: readonly HashNode[], node: HashNode | undefined): number {
  return nodes.findIndex(({ name }) => name === node?.name);
}

function countOf(hasher: SchemeHasher): Map<string, number> {
  const counts = new Map<string, number>();
  for (const key of keys) {
    const { name } = hasher.nodeFor(key)!;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}

/** The part of the keys of other nodes that move when this one leaves. */
function movedOfOthers(scheme: HashScheme, leaving: string): number {
  const hasher = new SchemeHasher(scheme, fleets.ten);
  const before = keys.map((key) => hasher.nodeFor(key)!.name);
  assert.is(hasher.remove(leaving), true);
  const others = keys.filter((_, i) => before[i] !== leaving);
  const stayed = keys.filter((key, i) => hasher.nodeFor(key)!.name === before[i]);
  return 1 - stayed.length / others.length;
}

schemes.run();
