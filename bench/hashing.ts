import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { hashSchemes } from '../core/mod.ts';
import { libmemcachedDigests } from '../core/client/hashing/digests/libmemcached-digests.ts';
import { installClients } from './clients.ts';
import { median, ratio, ratios, spread } from './sample.ts';
import type { Table } from './table.ts';

const PEER = 'hashring (npm)';
const MD5 = 'md5 (node:crypto)';

/** Finding the server of a key, and hashing one. */
export function* hashingTables(quick: boolean): Generator<Table> {
  installClients();
  const schemes = Object.keys(hashSchemes);
  const digests = Object.keys(libmemcachedDigests);
  const times = play([...schemes, PEER, ...digests, MD5], quick ? 1 : 3);
  yield {
    title: 'The server of a key, one of ten',
    notes: 'ns for each key of 15 bytes, the median of fresh processes that take turns, with ' +
      '[least..greatest], and how often the time of hashring it is. There are more keys than ' +
      'hashring remembers, so that it has to look.',
    columns: ['scheme', 'ns', `/${PEER}`],
    rows: rows([...schemes, PEER], PEER, times),
  };
  yield {
    title: 'Hashes of a key',
    notes: 'The same, for the hash functions of modula and ketama alone.',
    columns: ['hash', 'ns', `/${MD5}`],
    rows: rows([...digests, MD5], MD5, times),
  };
}

// A fresh process for each: what one of them taught the compiler would slow the next one down.
function play(names: readonly string[], rounds: number): ReadonlyMap<string, readonly number[]> {
  const times = new Map<string, number[]>(names.map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [name, found] of times) found.push(measure(name));
  }
  return times;
}

function measure(name: string): number {
  const worker = join(import.meta.dirname, 'hash-worker.ts');
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--import', 'tsx', worker, name],
    { encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(`${name} ended with ${status}: ${stderr}`);
  return Number(stdout);
}

function rows(
  names: readonly string[],
  peer: string,
  times: ReadonlyMap<string, readonly number[]>,
): string[][] {
  return names.map((name) => {
    const found = times.get(name) ?? [];
    return [
      name,
      spread(found, (time) => time.toFixed(0)),
      ratio(median(ratios(found, times.get(peer) ?? []))),
    ];
  });
}
