import * as assert from 'uvu/assert';
import { Client } from '../../core/client/server-client.ts';
import { HashClient } from '../../core/client/cluster/hash-client.ts';
import type { Memcache } from '../../core/client/memcache.ts';
import { type Clock, systemClock } from '../../core/io/clock.ts';
import { memoryDialer } from '../../core/io/memory-pipe.ts';
import type { Dialer } from '../../core/io/transport.ts';
import { MemoryServer } from '../../core/server/memory.ts';
import { latin1 } from '../../core/wire/bytes.ts';
import { uniqueKey } from '../support/cases.ts';
import { EagerClock } from '../support/eager-clock.ts';
import { withSentBytes } from '../support/intercept.ts';
import { patience } from '../support/patience.ts';
import { suite } from '../runner/suite.ts';
import {
  authCases,
  faultCases,
  faultFeatures,
  fieldCases,
  type FieldContext,
  memcacheCases,
  memcacheFeatures,
  metaOnlyCases,
  oneServerCases,
  serverCases,
  serverFeatures,
  tlsTransportCases,
  transportCases,
  wireCases,
} from '../../conformance/mod.ts';
import { isEmbeddedSince } from '../../conformance/server/since.ts';

// A case that does not declare its needs would fail, or do harm, on a subject without them.

/** Requests that only a case with this need may send. */
const signs: readonly (readonly [need: string, lines: RegExp])[] = [
  ['meta', /^(m[gsdae] |mn\r)/m],
  ['stats', /^(stats( (settings|items|slabs|conns|sizes))?\r|watch|lru_crawler m[eg])/m],
  ['empty', /^(flush_all|stats cachedump|lru_crawler m[eg]|.{100_000})/m],
  ['admin', /^(verbosity|cache_memlimit|shutdown|slabs|lru |lru_crawler [^m]|stats (re|det))/m],
];

const needs = suite('house: what server cases need');
const { dial, clock } = new MemoryServer();

for (const one of serverCases) {
  const { name, needs: needed = [] } = one;
  needs(name, async () => {
    const keys: string[] = [];
    let sent = '';
    await one.run({
      dial: withSentBytes(dial, (bytes) => void (sent += latin1(bytes))),
      endpoint: { path: 'memory' },
      since: isEmbeddedSince,
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

needs.run();

const clientNeeds = suite('house: what client cases need');
// Resolving a promise reads the property `then` of the value.
const basic = ['get', 'set', 'delete', 'close', 'then'];
const callOptions = ['expire', 'flags', 'initial', 'noreply', 'quiet', 'signal', 'timeout'];

/** A client that records its calls, and whose errors are plain ones. */
function noted<Noted extends Memcache>(client: Noted, used: Set<string>, plain: boolean): Noted {
  return new Proxy(client, {
    get(target, property) {
      const found: unknown = Reflect.get(target, property);
      const name = property === Symbol.asyncDispose ? 'asyncDispose' : String(property);
      if (!basic.includes(name)) used.add(name);
      if (typeof found !== 'function') return found;
      return (...words: unknown[]): unknown => {
        const [key, value] = words;
        if (key instanceof Uint8Array) used.add('byte-keys');
        if (name !== 'cas' && value instanceof Uint8Array) used.add('bytes');
        for (const word of words.slice(1)) {
          if (typeof word !== 'object' || word === null) continue;
          for (const [option, set] of Object.entries(word)) {
            if (callOptions.includes(option) && set !== false) used.add(option);
          }
        }
        const result: unknown = Reflect.apply(found, target, words);
        if (!plain || !(result instanceof Promise)) return result;
        return result.catch((error: unknown) => {
          throw new Error(String(error));
        });
      };
    },
  });
}

const clientCases = [...memcacheCases, ...metaOnlyCases, ...oneServerCases];

for (const one of clientCases) {
  const { name, needs: needed = [] } = one;
  clientNeeds(name, async () => {
    const used = new Set<string>();
    await one.run({
      create(options = {}) {
        for (const option of Object.keys(options)) used.add(option);
        return noted(
          new Client('localhost', { ...patience, ...options, dial }),
          used,
          !needed.includes('errors'),
        );
      },
      pass: (seconds) => Promise.resolve(clock.advance(seconds * 1000)),
      unique: uniqueKey,
    });
    assert.equal([...used].filter((use) => !needed.includes(use)), []);
    const known = [...Object.keys(memcacheFeatures), ...used];
    assert.equal(needed.filter((need) => !known.includes(need)), []);
  });
}

for (const one of fieldCases) {
  const { name, needs: needed = [] } = one;
  clientNeeds(`in the field: ${name}`, async () => {
    const used = new Set<string>();
    await one.run({ createFor: notedFor(used, needed), unique: uniqueKey });
    assert.equal([...used].filter((use) => !needed.includes(use)), []);
  });
}

for (const one of faultCases) {
  const { name, needs: needed = [] } = one;
  clientNeeds(`at fault: ${name}`, async () => {
    const used = new Set<string>();
    const clock = new EagerClock();
    const createFor = notedFor(used, needed, clock);
    let many = false;
    await one.run({
      createFor,
      createForMany(accepts, options) {
        many = true;
        const dial: Dialer = (to, ...how) =>
          memoryDialer({ accept: accepts['port' in to ? to.port - 1 : 0]! })(to, ...how);
        const names = accepts.map((_, i) => `cache:${i + 1}`);
        for (const option of Object.keys(options)) used.add(option);
        return noted(new HashClient(names, { ...options, clock, dial }), used, true);
      },
      unique: uniqueKey,
      clock,
    });
    assert.equal([...used].filter((use) => !needed.includes(use)), []);
    assert.is(many, needed.includes('servers'));
    const known = [...Object.keys(memcacheFeatures), ...Object.keys(faultFeatures), ...used];
    assert.equal(needed.filter((need) => !known.includes(need)), []);
  });
}

/** Makes clients that record their calls. */
function notedFor(
  used: Set<string>,
  needed: readonly string[],
  clock: Clock = systemClock,
): FieldContext['createFor'] {
  return (accept, options) => {
    for (const option of Object.keys(options)) used.add(option);
    const client = new Client('localhost', {
      ...(clock === systemClock ? patience : {}),
      ...options,
      clock,
      dial: memoryDialer({ accept }),
    });
    return noted(client, used, !needed.includes('errors'));
  };
}

clientNeeds.run();

const names = suite('house: names of cases');
const lists = {
  serverCases,
  authCases,
  clientCases,
  faultCases,
  fieldCases,
  wireCases,
  transportCases,
  tlsTransportCases,
};

for (const [list, cases] of Object.entries(lists)) {
  names(`no two of ${list} have the same`, () => {
    const all = cases.map(({ name }: { readonly name: string }) => name);
    assert.equal(all.filter((name, i) => all.indexOf(name) !== i), []);
  });
}

names.run();
