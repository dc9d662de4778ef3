import { createServer, type Socket } from 'node:net';
import * as assert from 'uvu/assert';
import { freePort } from '../../test/support/memcached.ts';
import { CountingClock, ScriptedNetwork, settled, Watched } from '../../test/support/scripted.ts';
import { suite } from '../../test/runner/suite.ts';
import { dial } from '../../test/runner/runtime.ts';
import { MemoryServer } from '../server/memory.ts';
import { ConnectionError, type ServerReplyError } from '../wire/errors.ts';
import type { ClientOptions } from './options.ts';
import { Client } from './server-client.ts';

const client = suite('client');

const dialects = ['meta', 'text'] as const;

/** A client on a network and a clock of its own. */
function scripted(options: Partial<ClientOptions> = {}): {
  clock: CountingClock;
  network: ScriptedNetwork;
  one: Client;
} {
  const clock = new CountingClock();
  const network = new ScriptedNetwork();
  const dialect = 'meta';
  return {
    clock,
    network,
    one: new Client('h', { clock, dial: network.dial, dialect, ...options }),
  };
}

/** A client of an embedded server. */
function embedded(options: Partial<ClientOptions> = {}): { server: MemoryServer; one: Client } {
  const server = new MemoryServer();
  return { server, one: new Client('h', { dial: server.dial, ...options }) };
}

client(
  'getMany rejects as a whole when a part of it is lost, and leaves nothing behind',
  async () => {
    const { clock, network, one } = scripted();
    const keys = Array.from({ length: 1500 }, (_, i) => `key${i}`);
    const call = new Watched(one.getMany(keys));
    await settled();
    const transport = await network.last.accept();
    assert.is(transport.take().match(/get /g)?.length, 2);
    await transport.reply('VALUE key0 16 1\r\nx\r\nEND\r\nVALUE key1000 16 5\r\nab');
    assert.is(call.state, 'pending');
    await transport.lose(new Error('ECONNRESET'));
    assert.is(call.brief, 'ConnectionError connection unknown');
    assert.is(clock.timers, 0);
  },
);

client('getMany with an error to a part of it rejects, and the connection is good', async () => {
  const { network, one } = scripted();
  const call = new Watched(one.getMany(Array.from({ length: 1001 }, (_, i) => `key${i}`)));
  await settled();
  const transport = await network.last.accept();
  await transport.reply('SERVER_ERROR out of memory writing get response\r\nEND\r\n');
  assert.is(call.brief, 'ServerReplyError server-error done');
  const next = new Watched(one.get('a'));
  await settled();
  await transport.reply('EN O1\r\n');
  assert.equal([next.state, next.value], ['resolved', undefined]);
});

client('getMany with a bad key among many commands sends none of them', async () => {
  const good = Array.from({ length: 1000 }, (_, i) => `key${i}`);
  for (
    const [keys, binaryKeys] of [[[...good, 'a b'], false], [
      ['a\n', 'x'.repeat(251)],
      true,
    ]] as const
  ) {
    const { network, one } = scripted({ binaryKeys });
    const opened = new Watched(one.version());
    const transport = await network.last.accept();
    await transport.reply('VERSION 1\r\n');
    assert.is(opened.state, 'resolved');
    transport.take();
    const call = new Watched(one.getMany(keys));
    await settled();
    assert.is(call.brief, 'UsageError usage not-sent');
    assert.is(transport.take(), '');
  }
});

client('a value for a key that was not asked for is given to nobody', async () => {
  const { network, one } = scripted({ dialect: 'text' });
  const calls = [new Watched(one.get('a')), new Watched(one.get('b'))];
  const transport = await network.last.accept();
  await transport.reply('VALUE b 16 1\r\nx\r\nEND\r\n');
  for (const call of calls) assert.is(call.brief, 'ProtocolError protocol unknown');
});

for (const dialect of dialects) {
  client(`${dialect}: of many who cas at once, one wins`, async () => {
    const { one } = embedded({ dialect });
    await one.set('k', 0);
    const seen = await one.gets<number>('k');
    const all = Array.from({ length: 20 }, (_, i) => one.cas('k', i, seen?.cas ?? 0n));
    const results = await Promise.all(all);
    assert.equal(results.filter((result) => result === 'stored').length, 1);
    assert.equal(results.filter((result) => result === 'exists').length, 19);
    assert.is(await one.get('k'), results.indexOf('stored'));
    await one.delete('k');
    assert.is(await one.cas('k', 1, seen?.cas ?? 0n), 'not-found');
    await one.close();
  });

  client(`${dialect}: counters and versions past 2^53 are exact`, async () => {
    const { one } = embedded({ dialect });
    await one.set('k', 18446744073709551614n);
    assert.is(await one.incr('k'), 18446744073709551615n);
    assert.is(await one.get('k'), 18446744073709551615n);
    assert.is(await one.incr('k'), 0n);
    await one.close();

    const { network, one: other } = scripted({ dialect });
    const call = other.gets('k');
    const transport = await network.last.accept();
    await transport.reply(
      dialect === 'meta'
        ? 'VA 1 f16 c18446744073709551615 O1\r\nx\r\n'
        : 'VALUE k 16 1 18446744073709551615\r\nx\r\nEND\r\n',
    );
    assert.equal(await call, { value: 'x', cas: 18446744073709551615n });
  });

  client(`${dialect}: an error to a noreply write is told, and upsets no neighbour`, async () => {
    const errors: ServerReplyError[] = [];
    const { one } = embedded({ dialect, onQuietError: (error) => errors.push(error) });
    await one.set('k', 'text');
    assert.is(await one.set('big', new Uint8Array(2_000_000), { noreply: true }), true);
    assert.is(await one.get('k'), 'text');
    assert.is(await one.get('big'), undefined);
    assert.ok(dialect === 'text' || errors.some(({ code }) => code === 'too-large'));
    await one.close();
  });
}

client('a server that leaves the cas out, or garbles it, breaks the protocol', async () => {
  for (const flags of ['f16', 'f16 c', 'f16 cx1', 'f16 c-1', 'fx c1']) {
    const { network, one } = scripted();
    const call = new Watched(one.gets('k'));
    const transport = await network.last.accept();
    await transport.reply(`VA 1 ${flags} O1\r\nx\r\n`);
    assert.is(call.brief, 'ProtocolError protocol unknown', flags);
  }
});

client('a reply of another kind than asked for is a ProtocolError', async () => {
  const { network, one } = scripted();
  const calls = [one.get('a'), one.delete('a'), one.incr('a'), one.cas('a', 1, 1n)]
    .map((call: Promise<unknown>) => new Watched(call));
  const transport = await network.last.accept();
  await transport.reply('HD O1\r\nEX O2\r\nHD O3\r\nEN O4\r\n');
  for (const call of calls) assert.is(call.brief, 'ProtocolError protocol unknown');
});

client('overload rejects at once, what was taken is answered', async () => {
  const { one } = embedded({ maxPending: 10 });
  const calls = Array.from({ length: 15 }, () => new Watched(one.get('a')));
  await settled();
  const brief = calls.map((call) => call.brief);
  assert.equal(brief.slice(0, 10), Array.from({ length: 10 }, () => 'resolved'));
  for (const refused of brief.slice(10)) assert.is(refused, 'ConnectionError overloaded not-sent');
  assert.is(await one.get('a'), undefined);
  await one.close();
});

client('a thousand rounds leave no timer and nothing pending', async () => {
  const clock = new CountingClock();
  const { one } = embedded({ clock });
  for (let i = 0; i < 1000; i++) await one.set(`key${i % 10}`, i);
  assert.ok(clock.timers <= 1);
  await one.close();
  assert.is(clock.timers, 0);
});

client('a key in a Buffer that changes after the call does no harm', async () => {
  const { one } = embedded();
  const key = Buffer.from('right');
  const done = one.set(key, 'x');
  key.write('wrong');
  await done;
  assert.is(await one.get('right'), 'x');
  await one.close();
});

client('a dial that throws, or gives no transport, is told, and the client closes', async () => {
  const wrong: readonly (readonly [dial: unknown, told: RegExp])[] = [
    [() => {
      throw new Error('mine');
    }, /mine/],
    [() => Promise.resolve({}), /dial must give a transport/],
    [() => Promise.resolve(null), /dial must give a transport/],
    [() => undefined, /dial must give a transport/],
  ];
  for (const [dial, told] of wrong) {
    const one = new Client('h', { dial: dial as ClientOptions['dial'] & object });
    const call = new Watched(one.get('a'));
    await settled();
    assert.is(call.brief, 'ConnectionError connection not-sent');
    assert.match(String(call.error), told);
    await one.close();
  }
});

// Real sockets

client('a dead port is a ConnectionError, each time', async () => {
  const port = await freePort();
  const one = new Client({ host: '127.0.0.1', port }, { dial });
  for (let i = 0; i < 3; i++) {
    const call = new Watched(one.get('a'));
    await one.get('a').catch(() => {});
    // At once while it is too early for another dial, and with the reason of the last.
    assert.match(call.brief, /^ConnectionError (connection|down) not-sent$/);
    assert.match(String(call.error), 'ECONNREFUSED');
  }
  await one.close();
});

client('a black hole: the call ends at its deadline, the connection at stallAfter', async () => {
  const sockets: Socket[] = [];
  const server = createServer((socket) => void sockets.push(socket.resume()));
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const one = new Client({ host: '127.0.0.1', port }, { dial, timeout: 500, stallAfter: 600 });
  const call = new Watched(one.get('a'));
  const closed = one.close();
  await closed;
  assert.is(call.brief, 'TimeoutError timeout unknown');
  assert.is(sockets.length, 1);
  await new Promise<void>((resolve) => void server.close(() => resolve()));
});

for (
  const [what, ask] of [
    ['get', (one: Client) => one.get('k', { timeout: 1000 })],
    ['get, by the default', (one: Client) => one.get('k')],
    ['gets', (one: Client) => one.gets('k', { timeout: 1000 })],
    ['getMany', (one: Client) => one.getMany(['k'], { timeout: 1000 })],
    ['getMany, by the default', (one: Client) => one.getMany(['k'])],
  ] as const
) {
  for (const observed of [false, true]) {
    const name = `${what}: a read that is asked again has the time that is left`;
    client(observed ? `${name}, with an observer` : name, async () => {
      const onCommand = observed ? { onCommand: () => () => {} } : {};
      const { one, clock, network } = scripted({ dialect: 'text', ...onCommand });
      const call = new Watched(ask(one));
      await settled();
      const transport = await network.last.accept();
      clock.advance(900);
      const cas = what === 'gets' ? ' 7' : '';
      await transport.reply(`VALUE k 0 0${cas}\r\n\r\nEND\r\n`);
      assert.match(transport.take(), /^gets? k\r\ngets? k\r\n/);
      clock.advance(99);
      await settled();
      assert.is(call.state, 'pending');
      clock.advance(1);
      await settled();
      assert.is(call.brief, 'TimeoutError timeout unknown');
    });
  }
}

client(
  'a server that has no room for a connection is down until it has, in every dialect',
  async () => {
    for (const dialect of ['auto', 'meta', 'text'] as const) {
      const { dial: dialMemory, clock } = new MemoryServer({ maxConnections: 1 });
      const full = new Client('h', { dial: dialMemory, clock });
      await full.set('a', 'x');
      const one = new Client('h', { dial: dialMemory, clock, dialect });
      const calls = [
        () => one.get('a'),
        () => one.getMany(['a', 'b']),
        () => one.set('a', 'y'),
        () => one.incr('n'),
        () => one.delete('a'),
        () => one.version(),
      ];
      for (const call of calls) {
        const error = await call().then(() => null, (reason: unknown) => reason);
        assert.instance(error, ConnectionError, dialect);
        assert.is((error as ConnectionError).outcome, 'not-sent', dialect);
        assert.match(
          (error as ConnectionError).message,
          /closed the connection: ERROR Too many open connections/,
        );
      }
      await full.close();
      clock.advance(2000);
      assert.is(await one.get('a'), 'x', dialect);
      await one.close();
    }
  },
);

client.run();
