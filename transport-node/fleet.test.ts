import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { ForeignValue } from '../core/client/values/profiles/foreign-value.ts';
import { profiles } from '../core/client/values/profiles/profiles.ts';
import { endpointName } from '../core/mod.ts';
import { peers, runPeer } from '../test/support/fleet.ts';
import { findProgram, type RunningMemcached, startMemcached } from '../test/support/memcached.ts';
import { suite } from '../test/runner/suite.ts';
import { temporaryDirectory } from '../test/support/temporary.ts';
import { HashClient, type HashClientOptions, zlibCodec } from './mod.ts';

// Clients of other languages, as Debian has them, find and read what we store, and we what they do,
// on three servers whose ports are others each time.

const fleet = suite('fleet: clients of other languages');
const memcached = findProgram('memcached');
let running: readonly RunningMemcached[] = [];
let servers: readonly string[] = [];

fleet.before(async () => {
  if (memcached === null) return;
  running = await Promise.all([1, 2, 3].map(() => startMemcached(memcached)));
  servers = running.map(({ endpoint }) => endpointName(endpoint));
});

fleet.after(async () => {
  await Promise.all(running.map((server) => server.stop()));
});

const large = 'abc'.repeat(2000);
const values = new Map<string, string | number>([
  ['text', 'héllo\r\n'],
  ['number', 42],
  ['negative', -7],
  ['large', large],
]);
// Enough that each server has its share.
for (let i = 0; i < 100; i++) values.set(`user:${i}:profile`, `value ${i}`);
const given = JSON.stringify(Object.fromEntries(values));

for (const { name, variant = '', profile, scheme, command, ...peer } of peers) {
  const title = `${name}${variant && ` with ${variant}`} and we find and read each other's values`;
  if (command === null || memcached === null) {
    fleet.skip(`${title} (needs memcached and ${name})`);
    continue;
  }
  fleet(title, async () => {
    const { compresses, foreign, script } = peer;
    const ask = (what: 'store' | 'read'): string =>
      runPeer(command, script, what, servers.join(), given, variant);
    const threshold = compresses ? 2000 : Infinity;
    const serde = profiles[profile].serde({ codec: zlibCodec, threshold });
    await withClient({ profile, serde, ...(scheme && { scheme }) }, async (client) => {
      ask('store');
      for (const [key, value] of values) assert.is(await client.get(`theirs.${key}`), value, key);
      const theirs = await client.get<ForeignValue>('theirs.foreign');
      assert.is(theirs?.flags, foreign);
      if (foreign !== undefined) assert.instance(theirs, ForeignValue);

      for (const [key, value] of values) await client.set(`ours.${key}`, value);
      if (foreign !== undefined) await client.set('ours.foreign', theirs);
      const found = JSON.parse(ask('read')) as Readonly<Record<string, unknown>>;
      const same = foreign === undefined ? {} : { foreign: true };
      assert.equal(found, { ...Object.fromEntries(values), ...same });
      const raw = await client.execute({ verb: 'get', keys: ['ours.large'] });
      const [item] = raw.type === 'values' ? raw.items : [];
      assert.is(item !== undefined && item.value.length < large.length, compresses);
    });
  });
}

const tools = [findProgram('memccp'), findProgram('memccat')] as const;
const withTools = "libmemcached's tools and we find and read each other's values";
if (memcached === null || tools[0] === null || tools[1] === null) {
  fleet.skip(`${withTools} (needs memcached and libmemcached-tools)`);
} else {
  const [copy, print] = tools;
  fleet(withTools, async () => {
    const texts = [...values].filter(([, value]) => typeof value === 'string');
    const directory = temporaryDirectory();
    await withClient({ profile: 'php-memcached' }, async (client) => {
      const files = texts.map(([key]) => join(directory, `theirs.${key}`));
      for (const [i, [, value]] of texts.entries()) writeFileSync(files[i] ?? '', String(value));
      runPeer([copy, `--servers=${servers.join()}`], ...files);
      for (const [key, value] of texts) assert.is(await client.get(`theirs.${key}`), value, key);
      for (const [key, value] of texts) await client.set(`ours.${key}`, value);
      const ours = texts.map(([key]) => `ours.${key}`);
      const printed = runPeer([print, `--servers=${servers.join()}`], ...ours);
      assert.is(printed, texts.map(([, value]) => `${value}\n`).join(''));
    });
  });
}

async function withClient(
  options: HashClientOptions,
  run: (client: HashClient) => Promise<void>,
): Promise<void> {
  const client = new HashClient(servers, options);
  try {
    // What another has left would be found as well.
    assert.is((await client.flushAll()).size, 0);
    await run(client);
  } finally {
    await client.close();
  }
}

fleet.run();
