// `hash-worker.ts NAME` prints how many ns it takes to find the server of a key, or to hash one.
import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { libmemcachedDigests } from '../core/client/hashing/digests/libmemcached-digests.ts';
import { byteHash } from '../core/client/hashing/key-hash.ts';
import { hashSchemes, SchemeHasher } from '../core/mod.ts';

interface HashRing {
  get(key: string): string;
}

const COUNT = 20_000;
const SECONDS = 0.3;

const keys = Array.from({ length: COUNT }, (_, i) => `user:${10_000 + i}:item`);
const names = Array.from({ length: 10 }, (_, i) => `cache${i}.example:11211`);

/** What to do with each key. Its result is looked at, so that a compiler cannot drop the work. */
function subject(name: string): (key: string) => unknown {
  if (name === 'md5 (node:crypto)') return (key) => createHash('md5').update(key).digest();
  if (name === 'hashring (npm)') {
    const require = createRequire(new URL('clients/package.json', import.meta.url));
    const Ring = require('hashring') as new (servers: readonly string[]) => HashRing;
    const ring = new Ring(names);
    return (key) => ring.get(key);
  }
  const digest = new Map(Object.entries(libmemcachedDigests)).get(name);
  if (digest !== undefined) return byteHash(digest);
  const scheme = new Map(Object.entries(hashSchemes)).get(name);
  if (scheme === undefined) throw new Error(`there is no ${name} to measure`);
  const hasher = new SchemeHasher(scheme, names.map((node) => ({ name: node })));
  return (key) => hasher.nodeFor(key);
}

const work = subject(process.argv[2] ?? '');
let missing = 0;

function pass(): void {
  for (const key of keys) if (work(key) === undefined) missing++;
}

// The first passes are for the compiler.
for (let i = 0; i < 10; i++) pass();
const start = performance.now();
let passes = 0;
for (; performance.now() - start < SECONDS * 1000; passes++) pass();
const elapsed = performance.now() - start;
if (missing > 0) throw new Error(`${missing} keys had no result`);
console.log(elapsed * 1e6 / passes / COUNT);
