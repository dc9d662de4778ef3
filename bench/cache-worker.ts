// A process of a fleet that shares a cache: `cache-worker.ts <CacheWork as JSON>`. For each line of
// CacheAsk it calls `fetch` many times at once; it prints `load` when a load begins, and what came of it
// as a line of JSON.
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { type CacheOpening, openCache } from './clients/caches.ts';

export interface CacheWork extends CacheOpening {
  readonly name: string;
}

export interface CacheAsk {
  readonly key: string;
  readonly callers: number;
  /** How long the loader takes, in milliseconds. */
  readonly loading: number;
}

/** The milliseconds that each caller waited. */
export type CacheTimes = readonly number[];

const { name, ...opening } = JSON.parse(process.argv[2] ?? '') as CacheWork;
const cache = await openCache(name, opening);
// Connected and compiled before it counts.
for (let i = 0; i < 20; i++) await cache.fetch(`warm:${process.pid}:${i}`, () => sleep(1, 'value'));
console.log('ready');

for await (const line of createInterface({ input: process.stdin })) {
  const { key, callers, loading } = JSON.parse(line) as CacheAsk;
  const load = (): Promise<string> => {
    console.log('load');
    return sleep(loading, 'value');
  };
  const times = await Promise.all(Array.from({ length: callers }, async () => {
    const start = performance.now();
    const found = await cache.fetch(key, load);
    if (found !== 'value') throw new Error(`${name} found ${String(found)}`);
    return performance.now() - start;
  }));
  console.log(JSON.stringify(times));
}
await cache.close();
// Some clients leave timers behind.
process.exit(0);
