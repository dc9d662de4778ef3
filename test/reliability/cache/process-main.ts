// A process with a cache: `process-main.ts PORT`. For each line of `Ask` it calls `fetch` many times at
// once; it prints `load` when a load begins, and the values that it got as a line of JSON.
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from '../../../transport-node/mod.ts';

/** What a process is asked for. */
export interface Ask {
  readonly key: string;
  readonly callers: number;
  /** How long a load takes, in milliseconds. */
  readonly loading: number;
  readonly ttl: number;
  readonly grace: number;
  /** Seconds. */
  readonly lease: number;
}

const client = new Client(`127.0.0.1:${process.argv[2]}`);
await client.version();
console.log('ready');

for await (const line of createInterface({ input: process.stdin })) {
  const { key, callers, loading, ...policy } = JSON.parse(line) as Ask;
  const load = async (): Promise<string> => {
    console.log('load');
    return await sleep(loading, 'value');
  };
  const calls = Array.from({ length: callers }, () => client.fetch(key, load, policy));
  console.log(JSON.stringify(await Promise.all(calls)));
}
await client.close();
