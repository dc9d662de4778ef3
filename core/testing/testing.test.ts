import * as assert from 'uvu/assert';
import {
  memcacheCases,
  metaOnlyCases,
  oneServerCases,
  type OneServerContext,
} from '../../conformance/mod.ts';
import { caseSuite, uniqueKey } from '../../test/support/cases.ts';
import { settled, Watched } from '../../test/support/scripted.ts';
import { suite } from '../../test/runner/suite.ts';
import { latin1 } from '../wire/bytes.ts';
import { UsageError } from '../wire/errors.ts';
import { createTestClient, TestServer, VirtualClock } from './mod.ts';

const testing = suite('testing');

testing('it is the real client on the real server', async () => {
  const { client } = createTestClient({ keyPrefix: 'app:' });
  assert.ok(await client.set('a', { b: 1 }));
  assert.equal(await client.get('a'), { b: 1 });
  assert.is((await client.stats()).get('curr_items'), 1);
  await client.close();
});

testing('items expire when the clock is advanced', async () => {
  const { client, clock } = createTestClient();
  await client.set('seconds', 1, { expire: 60 });
  await client.set('date', 1, { expire: new Date(clock.now() + 60_000) });
  clock.advance(59_000);
  assert.is((await client.getMany(['seconds', 'date'])).size, 2);
  clock.advance(2000);
  assert.is((await client.getMany(['seconds', 'date'])).size, 0);
  await client.close();
});

testing('items shows what is stored, as it is stored', async () => {
  const { client, clock, server } = createTestClient({ keyPrefix: 'app:', unicodeKeys: true });
  await client.set('text', 'é');
  await client.set('ü', 5, { expire: 60 });
  const { items } = server;
  assert.equal([...items.keys()], ['app:text', 'app:ü']);
  const text = items.get('app:text');
  assert.equal([text?.value, text?.flags, text?.expire], [new Uint8Array([0xc3, 0xa9]), 16, null]);
  const number = items.get('app:ü');
  assert.is(latin1(number?.value ?? new Uint8Array()), '5');
  assert.is(number?.expire?.getTime(), clock.now() + 60_000);
  assert.is(number?.cas, (await client.gets('ü'))?.cas);
  clock.advance(61_000);
  assert.equal([...server.items.keys()], ['app:text']);
  server.clear();
  assert.is(server.items.size, 0);
  assert.is(await client.get('text'), undefined);
  await client.close();
});

testing('down: what is in flight is lost, what comes is refused, until it recovers', async () => {
  const { client, server } = createTestClient();
  await client.set('a', 1);
  const lost = new Watched(client.incr('a'));
  // The request has left.
  await Promise.resolve();
  server.down();
  await settled();
  assert.is(lost.brief, 'ConnectionError connection unknown');
  for (let i = 0; i < 3; i++) {
    const refused = new Watched(client.get('a'));
    await settled();
    assert.is(refused.brief, 'ConnectionError connection not-sent');
  }
  server.recover();
  assert.is(await client.get('a'), 1);
  await client.close();
});

testing('slow: replies come when their time has come, in order', async () => {
  const { client, clock, server } = createTestClient();
  await client.set('a', 1);
  server.slow(300);
  const slow = new Watched(client.get('a'));
  await settled();
  server.slow(0);
  const behind = new Watched(client.get('a'));
  clock.advance(299);
  await settled();
  assert.equal([slow.state, behind.state], ['pending', 'pending']);
  clock.advance(1);
  await settled();
  assert.equal([slow.value, behind.value], [1, 1]);
  await client.close();
});

testing('slow: a call ends at its deadline, and was done nevertheless', async () => {
  const { client, clock, server } = createTestClient();
  await client.set('a', 1);
  server.slow(1500);
  const late = new Watched(client.incr('a'));
  await settled();
  clock.advance(1000);
  await settled();
  assert.is(late.brief, 'TimeoutError timeout unknown');
  clock.advance(500);
  await settled();
  assert.is(latin1(server.items.get('a')?.value ?? new Uint8Array()), '2');
  await client.close();
});

testing('slow takes no time that never comes', () => {
  for (const wrong of [-1, Infinity, NaN]) {
    assert.throws(
      () => new TestServer().slow(wrong),
      (error: unknown) => error instanceof UsageError,
    );
  }
});

testing('full: what stores is refused, what reads is not, until it recovers', async () => {
  const { client, server } = createTestClient();
  await client.set('a', 1);
  server.full();
  const refused = new Watched(client.add('b', 1));
  await settled();
  assert.is(refused.brief, 'ServerReplyError out-of-memory done');
  assert.is(await client.get('a'), 1);
  server.recover();
  assert.ok(await client.add('b', 1));
  await client.close();
});

testing('clients may share a server', async () => {
  const server = new TestServer();
  const one = createTestClient({ server });
  const other = createTestClient({ server, dialect: 'text' });
  await one.client.set('a', 'x');
  assert.is(await other.client.get('a'), 'x');
  await Promise.all([one.client.close(), other.client.close()]);
});

testing.run();

const server = new TestServer();
// The cases wait by the clock of the client, for a lock or for another caller's load.
const timer = setInterval(() => server.clock.advance(10), 10);
for (const dialect of ['meta', 'text'] as const) {
  const shared = [...memcacheCases, ...oneServerCases];
  const cases = dialect === 'meta' ? [...shared, ...metaOnlyCases] : shared;
  caseSuite(`testing: ${dialect}`, cases, (): OneServerContext => ({
    create: (options) => createTestClient({ ...options, dialect, server }).client,
    pass: (seconds) => Promise.resolve(server.clock.advance(seconds * 1000)),
    unique: uniqueKey,
  }), { has: () => true });
}

const over = suite('testing: the clock of the cases');
over('it went on', () => {
  clearInterval(timer);
  assert.ok(server.clock.elapsed() > new VirtualClock().elapsed());
});
over.run();
