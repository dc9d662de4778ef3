import * as assert from 'uvu/assert';
import { CountingClock, ScriptedNetwork, settled, Watched } from '../../test/support/scripted.ts';
import { suite } from '../../test/runner/suite.ts';
import { fromLatin1, latin1 } from '../wire/bytes.ts';
import type { Key } from '../wire/command.ts';
import { MemoryServer } from '../server/mod.ts';
import { MemcacheError, SerdeError } from '../wire/errors.ts';
import type { ClientOptions } from './options.ts';
import { Client } from './server-client.ts';
import { HashClient } from './cluster/hash-client.ts';

const bulk = suite('calls for many keys');

function embedded(options: Partial<ClientOptions> = {}): { one: Client; server: MemoryServer } {
  const server = new MemoryServer();
  return { one: new Client('h', { dial: server.dial, ...options }), server };
}

const names = (count: number): string[] => Array.from({ length: count }, (_, i) => `key${i}`);

bulk('20,000 entries are stored, found and deleted, with the limits as they are', async () => {
  const { one } = embedded();
  const keys = names(20_000);
  for (const options of [{}, { quiet: true }, { noreply: true }]) {
    assert.equal(await one.setMany(keys.map((key) => [key, key] as const), options), new Map());
    const found = await one.getMany(keys);
    assert.is(found.size, keys.length);
    assert.equal([...found.keys()], keys, 'in the order of the keys');
    assert.equal(await one.deleteMany(keys, options), new Map());
    assert.is((await one.getMany(keys)).size, 0);
  }
  await one.close();
});

bulk('a hundred thousand single calls at once are all answered', async () => {
  const { one } = embedded({ timeout: 60_000 });
  const found = await Promise.all(Array.from({ length: 100_000 }, () => one.get('k')));
  assert.ok(found.every((value) => value === undefined));
  await one.close();
});

bulk('no more than a window of writes is under way', async () => {
  const network = new ScriptedNetwork();
  const one = new Client('h', { clock: new CountingClock(), dial: network.dial });
  const call = new Watched(one.setMany(names(3000).map((key) => [key, 'x'] as const)));
  await settled();
  const transport = await network.last.accept();
  const first = transport.take().match(/ms key/g)?.length ?? 0;
  assert.is(first, 2048);
  await transport.reply(Array.from({ length: first }, (_, i) => `HD O${i + 1}\r\n`).join(''));
  assert.is(transport.take().match(/ms key/g)?.length, 952);
  const rest = Array.from({ length: 952 }, (_, i) => `HD O${first + i + 1}\r\n`);
  await transport.reply(rest.join(''));
  assert.equal(call.value, new Map());
});

bulk('a timeout is for the whole call: what is left then is not sent', async () => {
  const clock = new CountingClock();
  const network = new ScriptedNetwork();
  const one = new Client('h', { clock, dial: network.dial });
  const call = new Watched(
    one.setMany(names(3000).map((key) => [key, 'x'] as const), { timeout: 100 }),
  );
  await settled();
  const transport = await network.last.accept();
  transport.take();
  clock.advance(60);
  await transport.reply(Array.from({ length: 500 }, (_, i) => `HD O${i + 1}\r\n`).join(''));
  clock.advance(40);
  await settled();
  const failed = call.value as ReadonlyMap<string, MemcacheError>;
  assert.is(failed.size, 2500);
  const outcomes = [...failed.values()].map(({ code, outcome }) => `${code} ${outcome}`);
  assert.equal(new Set(outcomes), new Set(['timeout unknown', 'timeout not-sent']));
  assert.is(failed.get('key2999')?.outcome, 'not-sent');
});

bulk('a signal ends the rest of a call at once, and all of it with one error', async () => {
  const { one } = embedded();
  const aborter = new AbortController();
  const call = one.setMany(names(20_000).map((key) => [key, 'x'] as const), {
    signal: aborter.signal,
  });
  aborter.abort('why');
  const failed = [...(await call).values()];
  assert.ok(failed.length > 17_000, `${failed.length} failed`);
  assert.ok(failed.every(({ code }) => code === 'aborted'));
  assert.is(failed.filter((error) => error === failed.at(-1)).length > 15_000, true);
  await one.close();
});

bulk('what failed is told in the order of the call, whichever failed first', async () => {
  const network = new ScriptedNetwork();
  const many = new HashClient(['a:1', 'b:1'], {
    clock: new CountingClock(),
    dial: network.dial,
    scheme: () => (key) => key === 'one' ? 0 : 1,
  });
  const call = new Watched(many.setMany({ one: 1, two: 2 }));
  await settled();
  for (const dial of network.dials.toReversed()) await dial.refuse();
  assert.equal([...(call.value as ReadonlyMap<string, unknown>).keys()], ['one', 'two']);
});

bulk('a get asks for no more keys than fit 16,000 bytes', async () => {
  const lengths: number[] = [];
  const { one } = embedded({
    onCommand: (command) => {
      if (command.verb === 'get') lengths.push(`get ${command.keys.join(' ')}\r\n`.length);
    },
  });
  const keys = names(1000).map((name) => name.padEnd(200, 'x'));
  await one.getMany(keys);
  assert.is(lengths.length, 13);
  assert.ok(Math.max(...lengths) < 16_384, String(lengths));
  await one.close();
});

bulk(
  'one unreadable value leaves the others: they come with the error, or it is ignored',
  async () => {
    for (const ignoreErrors of [false, true]) {
      const told: unknown[] = [];
      const { one } = embedded({ ignoreErrors, onIgnored: (error) => told.push(error) });
      await one.set('ok', 'x');
      await one.set('foreign', 'x', { flags: 1 });
      for (const method of ['getMany', 'getsMany'] as const) {
        const call = new Watched<unknown>(one[method](['ok', 'foreign', 'none']));
        await settled();
        const found = ignoreErrors ? call.value : (call.error as SerdeError).values;
        assert.equal([...(found as Map<string, unknown>).keys()], ['ok']);
        if (ignoreErrors) continue;
        assert.instance(call.error, SerdeError);
        const { code, outcome, key, cause } = call.error as SerdeError;
        assert.equal([code, outcome, key], ['serde', 'done', 'foreign']);
        assert.instance(cause, Error);
      }
      assert.equal([one.ignored, told.length], ignoreErrors ? [2, 2] : [0, 0]);
      await one.close();
    }
  },
);

bulk('what a serde of the user throws is a SerdeError, and forgiven as others are', async () => {
  const serde = {
    serialize: (_key: unknown, value: unknown) => ({ value: String(value), flags: 0 }),
    deserialize: () => {
      throw new SyntaxError('Unexpected token');
    },
  };
  const { one } = embedded({ serde });
  await one.set('k', 'x');
  const call = new Watched(one.get('k'));
  await settled();
  assert.is(call.brief, 'SerdeError serde done');
  assert.instance(call.error?.cause, SyntaxError);
  await one.close();
  const { one: forgiving } = embedded({ serde, ignoreErrors: true });
  await forgiving.set('k', 'x');
  assert.equal([await forgiving.get('k'), forgiving.ignored], [undefined, 1]);
  await forgiving.close();
});

bulk('an array that the caller fills again is stored as it was', async () => {
  const { one } = embedded();
  const shared = new Uint8Array(4);
  function* entries(): Generator<readonly [string, Uint8Array]> {
    for (let i = 0; i < 500; i++) yield [`key${i}`, shared.fill(i % 250)];
  }
  assert.equal(await one.setMany(entries()), new Map());
  const found = await one.getMany<Uint8Array>(names(500));
  assert.ok(names(500).every((key, i) => found.get(key)?.[0] === i % 250));
  const set = one.set('single', shared.fill(1));
  shared.fill(2);
  await set;
  assert.equal(await one.get('single'), new Uint8Array(4).fill(1));
  await one.close();
});

bulk('a value whose buffer is gone before it is sent fails alone', async () => {
  const { one } = embedded();
  const value = new Uint8Array(10_000);
  const calls = [one.set('a', 'x'), one.set('big', value), one.set('b', 'y')]
    .map((call) => new Watched(call));
  structuredClone(value.buffer, { transfer: [value.buffer] });
  await settled();
  await settled();
  assert.equal(calls.map(({ brief }) => brief), [
    'resolved',
    'UsageError usage not-sent',
    'resolved',
  ]);
  await one.close();
});

bulk('where somebody is about to store a value there is none yet', async () => {
  const { one, server } = embedded();
  await one.execute({ verb: 'mg', key: 'lease', base64: false, flags: ['N30'] });
  for (const read of ['get', 'gets', 'gat', 'gats'] as const) {
    const other = new Client('h', { dial: server.dial });
    const first = read === 'get' || read === 'gets'
      ? other[read]('lease')
      : other[read]('lease', 30);
    assert.is(await first, undefined, `the first ${read} of a connection`);
    await other.close();
  }
  assert.is(await one.get('lease'), undefined);
  assert.is(await one.gets('lease'), undefined);
  assert.is(await one.gat('lease', 30), undefined);
  assert.is((await one.getMany(['lease', 'none'])).size, 0);
  await one.set('empty', new Uint8Array(0));
  assert.equal(await one.getMany(['empty']), new Map([['empty', new Uint8Array(0)]]));
  await one.close();
});

bulk("the client's noreply is not for what is called for its reply", async () => {
  const { one } = embedded({ noreply: true });
  await one.set('n', '5', { noreply: false });
  const seen = await one.gets('n');
  assert.is(await one.incr('n', 2), 7n);
  assert.is(await one.decr('n'), 6n);
  assert.is(await one.incr('none'), undefined);
  assert.is(await one.cas('n', '9', seen?.cas ?? 0n), 'exists');
  assert.is(await one.delete('none'), true, 'of which nobody asks');
  await one.close();
});

/** Every order of some things. */
function orders<Item>(items: readonly Item[]): Item[][] {
  if (items.length < 2) return [[...items]];
  return items.flatMap((item, i) => orders(items.toSpliced(i, 1)).map((rest) => [item, ...rest]));
}

bulk(
  'keys given twice, as text and as bytes, are all found, in whatever order items come',
  async () => {
    const [a, b] = [fromLatin1('a'), fromLatin1('b')];
    for (const keys of [['a', a, 'b'], ['a', 'b', a, b], ['a', 'b', 'c']]) {
      for (const order of orders([...keys.keys()])) {
        const network = new ScriptedNetwork();
        const dialect = 'text';
        const one = new Client('h', { clock: new CountingClock(), dial: network.dial, dialect });
        const call = new Watched(one.getMany(keys));
        await settled();
        const transport = await network.last.accept();
        const sent = transport.take().trim().split(' ').slice(1);
        const reply = order.map((i) => `VALUE ${sent[i]} 16 2\r\nv${sent[i]}\r\n`).join('') +
          'END\r\n';
        // In one piece, and cut within the second item.
        const cut = order[0] === 0 ? reply.length : 'VALUE a 16 2\r\nva\r\nVALUE'.length;
        await transport.reply(reply.slice(0, cut));
        if (cut < reply.length) await transport.reply(reply.slice(cut));
        const found = call.value ?? new Map<Key, unknown>();
        assert.equal([...found.keys()], keys, order.join());
        const values = keys.map((key) => `v${typeof key === 'string' ? key : latin1(key)}`);
        assert.equal([...found.values()], values, order.join());
      }
    }
  },
);

bulk.run();
