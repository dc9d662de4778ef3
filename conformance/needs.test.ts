import * as assert from 'uvu/assert';
import { MemoryServer } from '../core/server/memory.ts';
import type { Dialer } from '../core/transport.ts';
import { latin1 } from '../core/wire/bytes.ts';
import { uniqueKey } from '../test/cases.ts';
import { suite } from '../test/suite.ts';
import { serverCases, serverFeatures } from './mod.ts';

// A case that does not say what it needs would fail, or do harm, where that is not there.

/** What only a case that has this need may send. */
const signs: readonly (readonly [need: string, lines: RegExp])[] = [
  ['meta', /^(m[gsdae] |mn\r)/m],
  ['stats', /^(stats( (settings|items|slabs|conns|sizes))?\r|watch|lru_crawler m[eg])/m],
  ['empty', /^(flush_all|stats cachedump|lru_crawler m[eg]|.{100_000})/m],
  ['admin', /^(verbosity|cache_memlimit|shutdown|slabs|lru |lru_crawler [^m]|stats (re|det))/m],
];

const needs = suite('what server cases need');

for (const one of serverCases) {
  const { name, needs: needed = [] } = one;
  needs(name, async () => {
    const { dial, clock } = new MemoryServer();
    const keys: string[] = [];
    let sent = '';
    const heard: Dialer = async (to, events, signal) => {
      const transport = await dial(to, events, signal);
      return {
        send(bytes) {
          sent += latin1(bytes);
          return transport.send(bytes);
        },
        pause: () => transport.pause(),
        resume: () => transport.resume(),
        close: () => transport.close(),
        abort: () => transport.abort(),
      };
    };
    await one.run({
      dial: heard,
      endpoint: { path: 'memory' },
      since: () => true,
      pass: (seconds) => Promise.resolve(clock.advance(seconds * 1000)),
      unique() {
        keys.push(uniqueKey());
        return keys.at(-1) ?? '';
      },
    });
    for (const need of needed) assert.ok(Object.hasOwn(serverFeatures, need), need);
    for (const [need, lines] of signs) {
      if (!needed.includes(need)) assert.not.match(sent, lines);
    }
    if (needed.includes('empty') || needed.includes('meta')) return;
    for (const [, key = ''] of sent.matchAll(/^(?:set|add|replace|append|prepend|cas) (\S+)/gm)) {
      assert.ok(key.length > 250 || keys.some((own) => key.startsWith(own)), `${key} is its own`);
    }
  });
}

needs('names are unique', () => {
  const names = serverCases.map(({ name }) => name);
  assert.is(new Set(names).size, names.length);
});

needs.run();
