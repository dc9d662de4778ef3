import { inspect } from 'node:util';
import * as assert from 'uvu/assert';
import { CountingClock, ScriptedNetwork, settled, Watched } from '../../test/support/scripted.ts';
import { suite } from '../../test/runner/suite.ts';
import { UsageError } from '../wire/errors.ts';
import { Client, PooledClient } from './server-client.ts';
import type { PooledClientOptions } from './options.ts';

const usage = suite('client: wrong arguments');

/** What a caller in JavaScript may pass: everything. */
type Untyped = Record<string, ((...args: unknown[]) => Promise<unknown>) | undefined>;

const junk: readonly unknown[] = [undefined, null, 5, 5n, true, Symbol('x'), {}, [], () => {}];
const detached = new Uint8Array(8);
structuredClone(detached, { transfer: [detached.buffer] });

const badKeys = [...junk, '', 'a b', 'a\r\nb', 'a\0', 'é', 'k'.repeat(251), detached];
// They have no properties, and would pass for no options: a forgotten `await`, a date of expiry.
const propertyless = [Promise.resolve({ expire: 5 }), new Date(), new Error('x'), /x/];
const badOptions = [null, 5, 'x', true, () => {}, new Map(), new Set(), ...propertyless];
const badTimeouts = [null, '5', 5n, 0, -1, NaN, {}];
const badSignals = [null, 5, 'x', {}, { aborted: false }];
const badSwitches = [null, 0, 1, 'yes', {}];
const badExpires = [null, '5', 5n, NaN, Infinity, 1.5, 2 ** 31, 2_592_001, {}, new Date(NaN)];
const badFlags = [null, '5', 5n, -1, 1.5, NaN, 2 ** 32, [5], {}];
const badDeltas = [null, '5', -1, 1.5, NaN, -1n, 2n ** 64n, 2 ** 53, {}, true];
const badCas = [undefined, null, 5, '5', -1n, 2n ** 64n, {}];
const badValues = [undefined, () => {}, Symbol('x'), NaN, Infinity, new Map(), new Set(), detached];
const badPieces = [undefined, null, 5, {}, [], true];

/** Wrong arguments, by the argument at fault: each is refused where it stands among good ones. */
const rows: readonly [argument: string, bad: readonly unknown[], ...calls: Call[]][] = [
  ['key', badKeys, ...['get', 'gets', 'delete', 'incr', 'decr'].map((name) => call(name))],
  ['key', badKeys, call('set', 'v'), call('add', 'v'), call('append', 'v'), call('cas', 'v', 1n)],
  ['key', badKeys, call('touch', 1), { name: 'getMany', args: (bad) => [['good', bad]] }],
  ['keys', ['abc', new Uint8Array(3), ...junk.filter((one) => !Array.isArray(one))], {
    name: 'getMany',
    args: (bad) => [bad],
  }],
  ['value', badValues, after('set'), after('add'), after('replace'), {
    name: 'cas',
    args: (bad) => ['k', bad, 1n],
  }],
  ['value', badPieces, after('append'), after('prepend')],
  ['cas', badCas, { name: 'cas', args: (bad) => ['k', 'v', bad] }],
  ['delta', badDeltas, after('incr'), after('decr')],
  ['expire', [...badExpires, undefined], after('touch')],
  ['expire', badExpires, option('expire', 'set', 'k', 'v'), option('expire', 'cas', 'k', 'v', 1n)],
  ['flags', badFlags, option('flags', 'set', 'k', 'v'), option('flags', 'cas', 'k', 'v', 1n)],
  ['noreply', badSwitches, option('noreply', 'set', 'k', 'v'), option('noreply', 'delete', 'k')],
  ['noreply', badSwitches, option('noreply', 'incr', 'k', 1), option('noreply', 'touch', 'k', 1)],
  ['timeout', badTimeouts, option('timeout', 'get', 'k'), option('timeout', 'set', 'k', 'v')],
  ['timeout', badTimeouts, option('timeout', 'getMany', ['k']), option('timeout', 'version')],
  ['signal', badSignals, option('signal', 'get', 'k'), option('signal', 'append', 'k', 'v')],
  ['options', badOptions, last('get', 'k'), last('getMany', ['k']), last('set', 'k', 'v')],
  ['options', badOptions, last('delete', 'k'), last('incr', 'k', 1), last('touch', 'k', 1)],
  ['options', badOptions, last('cas', 'k', 'v', 1n), last('version'), last('stats', [])],
  ['options', badOptions, last('add', 'k', 'v'), last('append', 'k', 'v'), last('gat', 'k', 1)],
  ['options', badOptions, last('setMany', { k: 'v' }), last('deleteMany', ['k'])],
  ['entries', [null, 5, 'x', true, () => {}, ...propertyless], call('setMany')],
  ['words', [null, 'items', 5, {}, ['a b'], [5], ['']], { name: 'stats', args: (bad) => [bad] }],
];

interface Call {
  readonly name: string;
  readonly args: (bad: unknown) => unknown[];
}

function call(name: string, ...rest: unknown[]): Call {
  return { name, args: (bad) => [bad, ...rest] };
}

function after(name: string): Call {
  return { name, args: (bad) => ['k', bad] };
}

function last(name: string, ...first: unknown[]): Call {
  return { name, args: (bad) => [...first, bad] };
}

function option(option: string, name: string, ...first: unknown[]): Call {
  const { args } = last(name, ...first);
  return { name, args: (bad) => args({ [option]: bad }) };
}

for (const dialect of ['meta', 'text'] as const) {
  for (const [argument, bad, ...calls] of rows) {
    for (const { name, args } of calls) {
      usage(`${dialect}: ${name} with a wrong ${argument} rejects, and sends nothing`, async () => {
        const clock = new CountingClock();
        const network = new ScriptedNetwork();
        const client = new Client('h', { clock, dial: network.dial, dialect });
        const opened = new Watched(client.version());
        const transport = await network.last.accept();
        await transport.reply('VERSION 1\r\n');
        assert.is(opened.state, 'resolved');
        transport.take();
        const untyped = client as unknown as Untyped;
        for (const one of bad) {
          const watched = new Watched(untyped[name]!(...args(one)));
          await settled();
          const { error } = watched;
          const what = `${inspect(one)} gave ${watched.brief}: ${String(error)}`;
          assert.instance(error, UsageError, what);
          assert.is((error as UsageError).argument, argument, what);
          assert.is((error as UsageError).outcome, 'not-sent');
          assert.ok((error as UsageError).rule.length > 5, what);
        }
        assert.is(transport.take(), '');
        await client.close();
        assert.is(clock.timers, 0);
      });
    }
  }
}

const options: Readonly<Record<keyof PooledClientOptions, readonly unknown[]>> = {
  dial: [undefined, null, {}, 'tcp'],
  timeout: [null, '5', 0, -1, NaN, Infinity, 2 ** 31],
  connectTimeout: [null, '5', 0, -1, NaN, Infinity, 2 ** 31],
  reconnectDelay: [null, '5', 0, NaN],
  maxReconnectDelay: [null, '5', 0, NaN],
  tls: [null, true],
  dialect: [null, 'binary', 'constructor', 5],
  serde: [null, 'json', 5],
  keyPrefix: [null, 5, '\ud800'],
  unicodeKeys: [null, 'yes', 1],
  binaryKeys: [null, 'yes', 1],
  expire: [null, '5', -1, 1.5, NaN, 60 * 60 * 24 * 30 + 1, new Date()],
  jitter: [null, '5', -0.1, 1.1, NaN],
  noreply: [null, 'yes', 1],
  ignoreErrors: [null, 'yes', 1],
  onIgnored: [null, {}],
  onFetch: [null, {}],
  noDelay: [null, 'yes', 1],
  keepAlive: [null, '5', 0, NaN],
  unref: [null, 'yes', 1],
  onServer: [null, {}],
  auth: [null, 'user', { username: 'u' }, { username: 'u', password: 'a\r\nb' }],
  onCommand: [null, {}],
  onQuietError: [null, {}],
  textCodec: [null, 5, {}, { read: () => '' }, { read: 'utf8', write: 'utf8' }, {
    read: () => '',
    write: () => 0,
    allocate: 5,
  }],
  clock: [null, 5, {}, { now: 5 }],
  random: [null, 5, {}],
  maxKeys: [null, '5', 0, NaN, 1.5],
  maxPending: [null, '5', 0, NaN],
  maxPendingBytes: [null, '5', 0, NaN],
  stallAfter: [null, '5', 0, NaN],
  fenceEvery: [null, '5', 0, NaN],
  fence: [null, 'noop', 5],
  maxLine: [null, '5', 0, NaN],
  maxValue: [null, '5', 0, NaN],
  maxLines: [null, '5', 0, NaN],
  maxPoolSize: [null, '5', 0, 1.5, NaN, Infinity],
  idleTimeout: [null, '5', 0, NaN],
};

for (const [name, values] of Object.entries(options)) {
  usage(`a client with a wrong ${name} is not made`, () => {
    const { dial } = new ScriptedNetwork();
    for (const value of values) {
      try {
        new PooledClient('h', { dial, [name]: value });
      } catch (error) {
        assert.instance(error, UsageError);
        assert.match(`${name} username password`, (error as UsageError).argument);
        continue;
      }
      assert.unreachable(`${name}: ${String(value)}`);
    }
  });
}

usage.run();
