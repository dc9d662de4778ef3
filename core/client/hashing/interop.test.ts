import { createHash } from 'node:crypto';
import * as assert from 'uvu/assert';
import { suite } from '../../../test/runner/suite.ts';
import { utf8 } from '../../wire/bytes.ts';
import { furcHash } from './digests/ch3.ts';
import { crc32 } from './digests/crc32.ts';
import { type HashNode, type HashScheme, SchemeHasher } from './hasher.ts';
import { libmemcachedDigests, type LibmemcachedHash } from './digests/libmemcached-digests.ts';
import { modula } from './modulo.ts';
import { murmur3 } from './digests/murmur3.ts';
import { rendezvous } from './rendezvous.ts';
import { ketama } from './rings.ts';
import { hashSchemes } from './schemes.ts';

// What other clients were seen to do with a few keys by name, and, as the SHA-256 of what they said
// of each, with a thousand.

const interop = suite('hashing: as other clients were seen to do');

const keys = ['foo', 'bar', 'baz', 'key1', 'key2', 'user:1', 'user:2', 'a', 'hello_world', 'é'];
const thousand = Array.from({ length: 1000 }, (_, i) => `key${i}`);

const nodesAt = (...names: string[]): HashNode[] => names.map((name) => ({ name }));
const hosts = nodesAt('10.0.1.1:11211', '10.0.1.2:11211', '10.0.1.3:11211');
const ports = nodesAt('10.0.1.1:11211', '10.0.1.2:11212', '10.0.1.3:11213');
const weighted = ports.map(({ name }, i) => ({ name, weight: [1, 2, 5][i] ?? 0 }));
const local = nodesAt('127.0.0.1:11211', '127.0.0.1:11212', '127.0.0.1:11213');

function ownersOf(scheme: HashScheme, nodes: readonly HashNode[], of: readonly string[]): number[] {
  const hasher = new SchemeHasher(scheme, nodes);
  return of.map((key) => nodes.findIndex(({ name }) => name === hasher.nodeFor(key)?.name));
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

const murmurs: readonly (readonly [text: string, hash: number])[] = [
  ['', 0],
  ['a', 1009084850],
  ['ab', 2613040991],
  ['abc', 3017643002],
  ['abcd', 1139631978],
  ['hello', 613153351],
  ['hello, world', 345750399],
  ['The quick brown fox jumps over the lazy dog', 776992547],
  ['key', 3801901636],
  ['127.0.0.1:11211-key', 1303438423],
  ['é', 1153881266],
  ['日本語', 450827494],
  ['日本語キ', 236006737],
  ['a😀b', 1871496870],
  ['🍺', 3254163991],
  ['x'.repeat(250), 2082806562],
];

interop('pymemcache: murmur3_32', () => {
  for (const [text, hash] of murmurs) assert.is(murmur3(text), hash, text);
  assert.equal([murmur3('abc', 1), murmur3('abc', 0x9747b28c)], [2859854335, 3360318173]);
});

/** A key, the scores of three servers, and the port of the one it is on. */
const scores: readonly (readonly [key: string, scores: readonly number[], port: number])[] = [
  ['foo', [553244281, 160172816, 3781735599], 11213],
  ['bar', [2024041622, 290850742, 1882100461], 11211],
  ['baz', [1194427070, 2479399874, 1026359753], 11212],
  ['key1', [961295336, 3760904346, 2305890265], 11212],
  ['key2', [1568830493, 32273718, 1683127683], 11213],
  ['user:1', [2480390418, 838247378, 3029415354], 11213],
  ['user:2', [4003796492, 242703327, 1972046705], 11211],
  ['a', [1120911589, 311751771, 2758348897], 11213],
  ['é', [2070273395, 3868389904, 1114717560], 11212],
  ['日本語', [3622135529, 1907072634, 1513237470], 11211],
  ['🍺', [1513943999, 647686977, 2777734544], 11213],
  ['noreply', [3044131725, 228713873, 2916700541], 11211],
  ["b'foo'", [1787837435, 2052836781, 1380786513], 11212],
];

interop('pymemcache: the greatest score wins', () => {
  const hasher = new SchemeHasher(hashSchemes.pymemcache, local);
  const portOf = (key: string | Uint8Array): number => Number(hasher.nodeFor(key)?.name.slice(-5));
  for (const [key, expected, port] of scores) {
    assert.equal(local.map(({ name }) => murmur3(`${name}-${key}`)), expected, key);
    assert.is(portOf(key), port, key);
  }
  assert.equal([portOf(''), portOf('key with space')], [11213, 11212]);
  assert.equal([portOf(utf8('foo')), portOf(Uint8Array.of(0xff))], [11212, 11213]);
  assert.is(
    sha256(thousand.map((key) => hasher.nodeFor(key)?.name).join(',')),
    'ca17c29ab7bcd9256f14abf26b7687100691b2dab09eaa7491540cc2879ac58b',
  );
});

// Seeds and hashes that are not its defaults.
interop('pymemcache: RendezvousHash with another seed, or another hash', () => {
  const crc = (text: string, seed = 0): number => {
    const bytes = utf8(`${text}${seed}`);
    return crc32(bytes, bytes.length);
  };
  const seen: readonly (readonly [scheme: HashScheme, owners: string])[] = [
    [
      rendezvous(),
      'ca17c29ab7bcd9256f14abf26b7687100691b2dab09eaa7491540cc2879ac58b',
    ],
    [
      rendezvous({ seed: 42 }),
      'f88f391819623a505ff9ebc81ef67125e183e881498a1cd0f635182731e80054',
    ],
    [
      rendezvous({ hash: murmur3, seed: 2 ** 32 - 1 }),
      'fca6a8183ed4a7380c92c5f3092b58329d6f7828b0690ca926af469983711442',
    ],
    [
      rendezvous({ hash: crc, seed: 7 }),
      '8da52fa10a2cf9b5622aecf81ec655c8d0598842d497e25a91d1df868dab0cd3',
    ],
  ];
  for (const [scheme, owners] of seen) {
    const hasher = new SchemeHasher(scheme, local);
    assert.is(sha256(thousand.map((key) => hasher.nodeFor(key)?.name).join(',')), owners);
  }
  const even = new SchemeHasher(rendezvous({ hash: () => 5 }), local);
  assert.is(even.nodeFor('x')?.name, '127.0.0.1:11213');
});

// Names that were searched for, until two had one score together with the key `key`.
interop('pymemcache: of equal scores the greater name wins, whatever the order', () => {
  const ties: readonly (readonly [less: string, greater: string, score: number])[] = [
    ['cache197698:11211', 'cache203849:11211', 4165432214],
    ['cache349736:11211', 'cache357610:11211', 3926471032],
    ['cache325468:11211', 'cache94020:11211', 2138632186],
  ];
  for (const [less, greater, score] of ties) {
    assert.equal([less, greater].map((name) => murmur3(`${name}-key`)), [score, score]);
    for (const nodes of [nodesAt(less, greater), nodesAt(greater, less)]) {
      const hasher = new SchemeHasher(hashSchemes.pymemcache, nodes);
      assert.is(hasher.nodeFor('key')?.name, greater);
    }
  }
});

const digests: Readonly<Record<LibmemcachedHash, readonly number[]>> = {
  // deno-fmt-ignore
  md5: [3675831724, 421377335, 2768240243, 2497097154, 2854615160, 282964413, 3264788475, 3111502092, 2415899033, 2546851174],
  // deno-fmt-ignore
  one_at_a_time: [596015325, 2151715081, 4290121714, 3203718188, 2905880747, 2773942091, 1872794591, 3392050242, 379410455, 26298542],
  crc: [3187, 30463, 30756, 11356, 13653, 31653, 25260, 26807, 30526, 3588],
  // deno-fmt-ignore
  fnv1_64: [1805727027, 1806514304, 1806514312, 3396394487, 3396394484, 3376212627, 3376212624, 2248259518, 1699133206, 3035330621],
  // deno-fmt-ignore
  fnv1a_64: [4275688823, 322520602, 322517122, 1555933063, 1555933498, 1963465963, 1963466398, 2248273036, 3934064488, 3033280513],
  // deno-fmt-ignore
  fnv1_32: [1083137555, 513390112, 513390120, 2215982743, 2215982740, 13403571, 13403568, 84696446, 1482470134, 376872957],
  // deno-fmt-ignore
  fnv1a_32: [2851307223, 1991736602, 1857515650, 927623783, 944401402, 1830439627, 1847217246, 3826002220, 3871422120, 1023043777],
  // deno-fmt-ignore
  jenkins: [2583187353, 2006320315, 2504742802, 3541214983, 3012554998, 936206289, 2854278308, 3768813200, 3168897835, 934048990],
  // deno-fmt-ignore
  murmur: [3303027599, 516654467, 1247684457, 1050118838, 2111865733, 3587224931, 2296679484, 1262581116, 4220162570, 2111574343],
  // deno-fmt-ignore
  murmur3: [2784297138, 148727849, 388384049, 1066245579, 1249213978, 3313101634, 2911441362, 2289228744, 3076954522, 3038764589],
};

for (const [name, expected] of Object.entries(digests)) {
  interop(`libmemcached: ${name}`, () => {
    const digest = libmemcachedDigests[name as LibmemcachedHash];
    const found = keys.map((key) => digest(utf8(key), utf8(key).length));
    assert.equal(found, expected);
  });
}

type Route = readonly [name: string, HashScheme, readonly HashNode[], owners: string];

const routes: readonly Route[] = [
  ['libmemcached: weighted ketama', hashSchemes.weightedKetama, hosts, '2220102202'],
  ['libmemcached: weighted ketama, by port', hashSchemes.weightedKetama, ports, '1210211011'],
  [
    'libmemcached: weighted ketama with weights',
    hashSchemes.weightedKetama,
    weighted,
    '1211211221',
  ],
  ['libmemcached: ketama', hashSchemes.ketama, hosts, '2012112102'],
  ['libmemcached: ketama of md5', ketama('md5'), hosts, '1111202211'],
  ['libmemcached: modula', hashSchemes.modula, hosts, '0112222022'],
  ['libmemcached: modula of md5', modula('md5'), hosts, '1220200021'],
  ['libmemcached: modula of crc', modula('crc'), hosts, '1101000210'],
  ['dalli', hashSchemes.dalli, hosts, '0002111222'],
  ['gomemcache', hashSchemes.gomemcache, hosts, '2201101012'],
  ['python-memcached', hashSchemes.pythonMemcached, hosts, '1101000210'],
];

for (const [name, scheme, nodes, expected] of routes) {
  interop(name, () => assert.is(ownersOf(scheme, nodes, keys).join(''), expected));
}

const thousands: readonly Route[] = [
  ['weighted ketama', hashSchemes.weightedKetama, hosts, 'ec023f8a212b4d5e'],
  ['weighted ketama, by port', hashSchemes.weightedKetama, ports, '584574be397e16f6'],
  ['weighted ketama with weights', hashSchemes.weightedKetama, weighted, '168f39bf34a3696d'],
  ['ketama', hashSchemes.ketama, hosts, 'b5e27ee6d9168cb6'],
  ['modula', hashSchemes.modula, hosts, '12204f2d451edc9c'],
];

for (const [name, scheme, nodes, expected] of thousands) {
  interop(`libmemcached: ${name}, a thousand keys`, () => {
    assert.is(sha256(ownersOf(scheme, nodes, thousand).join('')).slice(0, 16), expected);
  });
}

// With as many servers as the greatest hash, its remainder is the hash.
interop('memjs', () => {
  const some = ['foo', 'bar', 'baz', 'key1', 'user:1'];
  assert.equal(ownersOf(hashSchemes.memjs, hosts, some), [0, 0, 2, 0, 2]);
  const many = Array.from({ length: 101_575 }, (_, i) => ({ name: `${i}` }));
  const nodeOf = hashSchemes.memjs(many);
  assert.equal(some.slice(0, 3).map(nodeOf), [101574, 97299, 97307]);
});

interop('mcrouter: furc_hash', () => {
  const buckets = [2, 3, 10, 100, 1000];
  const found = ['foo', 'bar', 'key1', 'user:1', 'a'].map((key) =>
    buckets.map((count) => furcHash(utf8(key), key.length, count))
  );
  assert.equal(found, [
    [1, 1, 1, 1, 478],
    [0, 0, 0, 46, 410],
    [0, 2, 2, 2, 808],
    [0, 0, 0, 41, 471],
    [1, 1, 4, 34, 900],
  ]);
});

interop.run();
