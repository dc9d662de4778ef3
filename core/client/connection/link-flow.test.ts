import * as assert from 'uvu/assert';
import { LinkScene, metadump, mg, ms, version, watch } from '../../../test/support/link-scene.ts';
import {
  CountingClock,
  ScriptedNetwork,
  settled,
  TurnClock,
  Watched,
} from '../../../test/support/scripted.ts';
import { suite } from '../../../test/runner/suite.ts';
import { latin1 } from '../../wire/bytes.ts';
import type { Command } from '../../wire/command.ts';
import { plainFlags } from '../../wire/plain.ts';
import type { Reader } from './executor.ts';
import { Link } from './link.ts';

const link = suite('link: flow and limits');

// Short writes

link('a transport that takes a byte at a time gets every byte once', async () => {
  const scene = new LinkScene({ stallAfter: 1e9 });
  const transport = await scene.connect(1);
  const big = 'y'.repeat(40_000);
  const calls = [scene.do(ms('a', 'x')), scene.do(ms('b', big)), scene.do(mg('c'))];
  await settled();
  let sent = transport.take();
  assert.is(sent, 'm');
  const whole = `ms a 1 O1\r\nx\r\nms b 40000 O2\r\n${big}\r\nmg c v O3\r\n`;
  for (let i = 0; sent.length < whole.length; i++) {
    await transport.drain(i < 40 ? 1 : 9000);
    sent += transport.take();
  }
  assert.is(sent, whole);
  await transport.reply('HD O1\r\nHD O2\r\nEN O3\r\n');
  assert.equal(calls.map(({ state }) => state), ['resolved', 'resolved', 'resolved']);
});

link('nothing is sent to a full transport before it has drained', async () => {
  const scene = new LinkScene();
  const transport = await scene.connect(5);
  scene.do(mg('a'));
  await settled();
  assert.is(transport.take(), 'mg a ');
  scene.do(mg('b'));
  await settled();
  assert.is(transport.sends, 0);
  await transport.drain(100);
  assert.is(transport.take(), 'v O1\r\nmg b v O2\r\n');
});

link('a value that lost its buffer before it was sent ends the link at once', async () => {
  const scene = new LinkScene();
  const transport = await scene.connect(20);
  const value = new Uint8Array(100_000);
  const calls = [scene.do(ms('a', value)), scene.do(mg('b'))];
  await settled();
  structuredClone(value.buffer, { transfer: [value.buffer] });
  await transport.drain(1e6);
  assert.equal(calls.map(({ brief }) => brief), [
    'ConnectionError connection unknown',
    'ConnectionError connection not-sent',
  ]);
  assert.is(scene.clock.timers, 0);
});

// Plain commands, the fast path

const read = { ...mg('a'), flags: plainFlags('mg', ['v', 'f']) } as Command;
const quiet = { ...ms('a', 'x'), flags: plainFlags('ms', ['F0', 'q']) } as Command;

link(
  'the reader of a call makes its result where the reply is read, whatever came with it',
  async () => {
    const scene = new LinkScene();
    const transport = await scene.connect(1e6);
    const made: string[] = [];
    const reader: Reader<string> = {
      ofReply: (reply, { key }) => `${String(key)}: ${reply.type}`,
      ofItem({ bytes, from, to, flags }, { key }) {
        if (flags === 13) throw new RangeError('thirteen');
        made.push(String(key));
        return `${String(key)}: ${latin1(bytes, from, to)}`;
      },
    };
    const ask = (key: string): Watched<string> =>
      new Watched(scene.link.executeWith(read, undefined, reader, key));
    const calls = ['hit', 'miss', 'cut', 'strange', 'bad'].map(ask);
    await settled();
    assert.is(transport.take().match(/mg/g)?.length, 5);
    await transport.reply('VA 1 f1 O1\r\nx\r\nEN O2\r\nVA 3 f2 O3\r\nab');
    await transport.reply('c\r\nVA 1 f3 O4 y1\r\ny\r\nVA 1 f13 O5\r\nz\r\n');
    assert.equal(calls.map(({ value, error }) => error === undefined ? value : String(error)), [
      'hit: x',
      'miss: EN',
      'cut: VA',
      'strange: VA',
      'RangeError: thirteen',
    ]);
    assert.equal(made, ['hit']);
  },
);

link('quiet writes that are awaited one by one leave together', async () => {
  const scene = new LinkScene();
  const transport = await scene.connect(1e6);
  for (let i = 0; i < 40; i++) await scene.link.execute(quiet, { unconfirmed: true });
  assert.is(transport.sends, 0);
  await settled();
  assert.is(transport.sends, 1);
  assert.is(transport.take().match(/ms a 1 F0 q/g)?.length, 40);
  for (let i = 0; i < 200; i++) await scene.link.execute(quiet, { unconfirmed: true });
  assert.ok(transport.sends >= 3, 'but do not wait for all of them');
});

link('quiet writes wait for a transport that takes no more', async () => {
  const scene = new LinkScene();
  const transport = await scene.connect(30);
  scene.do(ms('b', 'y'.repeat(100)));
  await settled();
  const write = scene.do(quiet, { unconfirmed: true });
  await settled();
  assert.is(write.state, 'pending');
  await transport.drain(1e6);
  assert.is(write.state, 'resolved');
});

// Overload

link('refuses more commands than it may hold, with not-sent', async () => {
  const scene = new LinkScene({ maxPending: 2 });
  const calls = [scene.do(mg('a')), scene.do(mg('b')), scene.do(mg('c'))];
  await settled();
  assert.is(calls[2]?.brief, 'ConnectionError overloaded not-sent');
  assert.equal(calls.slice(0, 2).map(({ state }) => state), ['pending', 'pending']);
});

link('takes commands again when those that wait were given up', async () => {
  const scene = new LinkScene({ maxPending: 2, connectTimeout: 5000 });
  scene.do(mg('a'), { timeout: 10 });
  scene.do(mg('b'), { timeout: 10 });
  await scene.pass(10);
  assert.is(scene.link.pending, 0);
  assert.is(scene.do(mg('c')).state, 'pending');
});

for (
  const [what, limits, value] of [
    ['commands', { maxPending: 4 }, 'x'],
    ['bytes', { maxPendingBytes: 5000 }, 'x'.repeat(400)],
  ] as const
) {
  link(`writes that nobody awaits never fill it for good, by ${what}`, async () => {
    const scene = new LinkScene(limits);
    const transport = await scene.connect();
    for (let i = 0; i < 50; i++) {
      const call = scene.do(ms('a', value, 'q'), { unconfirmed: true });
      await settled();
      assert.is(call.brief, 'resolved', `number ${i}`);
      const fences = transport.take().split('\r\nmn\r\n').length - 1;
      await transport.reply('MN\r\n'.repeat(fences));
    }
  });
}

link('a refusal asks for the fence that makes room', async () => {
  const scene = new LinkScene({ maxPendingBytes: 4000 });
  const transport = await scene.connect();
  scene.do(ms('a', 'x', 'q'), { unconfirmed: true });
  await settled();
  const refused = scene.do(ms('b', 'x'.repeat(3000), 'q'), { unconfirmed: true });
  await settled();
  assert.is(refused.brief, 'ConnectionError overloaded not-sent');
  assert.ok(transport.take().endsWith('mn\r\n'));
  await transport.reply('MN\r\n');
  assert.is(scene.link.pending, 0);
});

link('a write taken back from among quiet ones does not upset their fence', async () => {
  const scene = new LinkScene();
  const aborter = new AbortController();
  const transport = await scene.connect();
  const first = scene.do(ms('a', 'x', 'q'));
  scene.do(ms('b', 'x', 'q'), { signal: aborter.signal });
  const last = scene.do(ms('c', 'x', 'q'));
  aborter.abort();
  await settled();
  assert.is(transport.take(), 'ms a 1 q O1\r\nx\r\nms c 1 q O2\r\nx\r\nmn\r\n');
  await transport.reply('MN\r\n');
  assert.equal([first.state, last.state], ['resolved', 'resolved']);
});

// Writes that nobody awaits

link('a quiet write ends when the transport has it, and not before', async () => {
  const scene = new LinkScene();
  const transport = await scene.connect(0);
  const write = scene.do(ms('a', 'x', 'q'), { unconfirmed: true });
  await settled();
  assert.is(write.state, 'pending');
  await transport.drain(10);
  assert.is(write.state, 'pending', 'a part of it');
  await transport.drain(100);
  assert.is(write.state, 'resolved');
});

link('a quiet write to nobody is not sent, and says so', async () => {
  const scene = new LinkScene();
  const writes = [
    scene.do(ms('a', 'x', 'q'), { unconfirmed: true }),
    scene.do({ verb: 'delete', key: 'a', noreply: true }, { unconfirmed: true }),
  ];
  await scene.network.last.refuse();
  for (const { brief } of writes) assert.is(brief, 'ConnectionError connection not-sent');
});

link('a quiet write that the transport has not taken in its time is late', async () => {
  const scene = new LinkScene();
  const write = scene.do(ms('a', 'x', 'q'), { unconfirmed: true, timeout: 100 });
  await scene.pass(100);
  assert.is(write.brief, 'TimeoutError timeout not-sent');
  const transport = await scene.connect();
  assert.is(transport.take(), '');
  await transport.drain(0);
  const encoded = scene.do(ms('b', 'x', 'q'), { unconfirmed: true, timeout: 100 });
  await scene.pass(100);
  assert.is(encoded.brief, 'TimeoutError timeout unknown', 'its bytes leave later');
  await transport.drain(100);
  assert.match(transport.take(), 'ms b');
});

link('quiet writes are held back while the server has not answered so many', async () => {
  const scene = new LinkScene({ fenceEvery: 4 });
  const transport = await scene.connect();
  const writes: Watched<unknown>[] = [];
  for (let i = 0; i < 20; i++) {
    writes.push(scene.do(ms('a', 'x', 'q'), { unconfirmed: true }));
    await settled();
  }
  assert.is(writes.filter(({ state }) => state === 'resolved').length, 16);
  await transport.reply('MN\r\n');
  assert.ok(writes.every(({ state }) => state === 'resolved'));
});

link('a burst is sent while it is made, and its time begins with each call', async () => {
  const scene = new LinkScene();
  const transport = await scene.connect(1e9);
  for (let i = 0; i < 1000; i++) scene.do(mg('a'));
  assert.ok(transport.sends > 0, 'before the turn ends');
});

link('much is sent in turns of the event loop, and replies are read meanwhile', async () => {
  const clock = new TurnClock();
  const scene = new LinkScene({ clock });
  const transport = await scene.connect(1e9);
  const send = transport.send.bind(transport);
  transport.send = (bytes) => {
    clock.sleep(5);
    return send(bytes);
  };
  const value = new Uint8Array(100_000);
  const calls = [1, 2, 3].map(() => scene.do(ms('a', value)));
  await settled();
  const sent: number[] = [transport.take().length];
  await transport.reply('HD O1\r\n');
  assert.is(calls[0]?.state, 'resolved', 'while the others are not sent');
  for (let turns = 0; clock.turns.length > 0 && turns < 20; turns++) {
    assert.is(transport.paused, false);
    clock.turn();
    await settled();
    sent.push(transport.take().length);
  }
  assert.ok(sent.length > 3, String(sent));
  assert.ok(Math.max(...sent) < 101_000, String(sent));
  assert.ok(sent.reduce((sum, length) => sum + length) > 300_000, String(sent));
});

link('much is read in turns of the event loop', async () => {
  const clock = new TurnClock();
  const scene = new LinkScene({ clock });
  const transport = await scene.connect(1e9);
  const value = 'x'.repeat(20_000);
  const read = (opaque: number): Promise<void> =>
    transport.reply(`VA ${value.length} O${opaque}\r\n${value}\r\n`);
  const calls = [1, 2].map(() => scene.do(mg('a')));
  await settled();
  await read(1);
  assert.is(transport.paused, false);
  clock.sleep(5);
  await read(2);
  assert.equal(calls.map(({ state }) => state), ['resolved', 'resolved']);
  assert.is(transport.paused, true);
  clock.turn();
  assert.is(transport.paused, false);
});

link('a signal of many calls is listened to once', async () => {
  const scene = new LinkScene();
  const transport = await scene.connect();
  let listeners = 0;
  const aborter = new AbortController();
  const { signal } = aborter;
  const add = signal.addEventListener.bind(signal);
  signal.addEventListener = ((...args: Parameters<typeof add>) => {
    listeners++;
    add(...args);
  }) as typeof add;
  const calls = Array.from({ length: 20 }, () => scene.do(mg('a'), { signal }));
  await settled();
  assert.is(listeners, 1);
  await transport.reply('EN O1\r\n');
  aborter.abort();
  await settled();
  assert.is(calls[0]?.state, 'resolved');
  for (const { brief } of calls.slice(1)) assert.is(brief, 'AbortError aborted unknown');
});

// What callers hand in

link('what onItem throws rejects its call, and no other', async () => {
  const scene = new LinkScene();
  const transport = await scene.connect();
  const broken = new Error('broken');
  const call = scene.do(metadump, {
    onItem: () => {
      throw broken;
    },
  });
  const next = scene.do(version);
  await settled();
  const line = 'key=a exp=-1 la=5 cas=7 fetch=yes cls=1 size=63\n';
  await transport.reply(`${line}${line}END\r\n`);
  assert.is(call.error, broken);
  await transport.reply('VERSION 1\r\n');
  assert.is(next.state, 'resolved');
});

link('errors among writes that nobody awaits are told to onQuietError', async () => {
  const scene = new LinkScene();
  const transport = await scene.connect();
  scene.do(ms('a', 'x', 'q'), { unconfirmed: true });
  const call = scene.do(version);
  await settled();
  await transport.reply('SERVER_ERROR out of memory storing object\r\nMN\r\nVERSION 1\r\n');
  assert.equal(scene.quietErrors.map(({ code, outcome }) => [code, outcome]), [
    ['out-of-memory', 'done'],
  ]);
  assert.is(call.state, 'resolved');
});

link('without an observer such an error goes by', async () => {
  const clock = new CountingClock();
  const network = new ScriptedNetwork();
  const endpoint = { path: '/s' };
  const onClosed = (): null => null;
  const { dial } = network;
  const bare = new Link({ dial, endpoint, clock, timeout: 9, connectTimeout: 9, onClosed });
  const transport = await network.last.accept();
  await bare.execute(ms('a', 'x', 'q'), { unconfirmed: true });
  const call = new Watched(bare.execute(version));
  await settled();
  await transport.reply('SERVER_ERROR x\r\nMN\r\nVERSION 1\r\n');
  assert.is(call.state, 'resolved');
});

// Watches

link('a watch that is aborted takes its connection with it', async () => {
  const scene = new LinkScene();
  const aborter = new AbortController();
  const transport = await scene.connect();
  const items: unknown[] = [];
  const options = { signal: aborter.signal, timeout: Infinity };
  const call = scene.do(watch, { ...options, onItem: (item) => items.push(item) });
  await settled();
  await transport.reply('OK\r\nts=1 gid=1 x\n');
  assert.is(items.length, 2);
  const behind = scene.do(version);
  aborter.abort();
  await settled();
  assert.is(call.brief, 'AbortError aborted unknown');
  assert.is(behind.brief, 'ConnectionError connection not-sent');
  assert.equal(transport.ends, ['abort']);
});

link('close does not wait for a watch', async () => {
  const scene = new LinkScene();
  const transport = await scene.connect();
  const call = scene.do(watch, { timeout: Infinity });
  await settled();
  await transport.reply('OK\r\n');
  const closed = new Watched(scene.link.close());
  await settled();
  assert.is(closed.state, 'resolved');
  assert.is(call.brief, 'ConnectionError connection unknown');
  assert.is(scene.clock.timers, 0);
});

link.run();
