import * as assert from 'uvu/assert';
import { LinkScene, metadump, mg, ms, version } from '../../../test/support/link-scene.ts';
import {
  CountedSignal,
  type ScriptedTransport,
  settled,
  TurnClock,
  Watched,
} from '../../../test/support/scripted.ts';
import { suite } from '../../../test/runner/suite.ts';
import { fromLatin1, latin1 } from '../../wire/bytes.ts';
import type { Command } from '../../wire/command.ts';
import { plainFlags } from '../../wire/plain.ts';
import { sizeOf } from '../../wire/ring.ts';
import type { CommandEnd } from './observe.ts';
import type { Reader } from './executor.ts';
import { Link } from './link.ts';

const link = suite('link: items, turns and bursts');

const LINE = 'key=a exp=-1 la=5 cas=7 fetch=yes cls=1 size=63\n';

/** A dump whose consumer is busy with the first item until `goOn` is called. */
async function busyDump(
  options: ConstructorParameters<typeof LinkScene>[0] = {},
  text: string = `${LINE}${LINE}END\r\n`,
) {
  const scene = new LinkScene(options);
  const transport = await scene.connect();
  let goOn = (): void => {};
  const busy = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  const items: unknown[] = [];
  const onItem = (item: unknown): unknown => items.push(item) === 1 ? busy : undefined;
  const call = scene.do(metadump, { timeout: Infinity, onItem });
  await settled();
  transport.take();
  await transport.reply(text);
  return { scene, transport, goOn, items, call };
}

link('while a consumer is busy nothing is read, nor passed on', async () => {
  const { scene, transport, goOn, items, call } = await busyDump();
  assert.equal([items.length, transport.paused, call.state], [1, true, 'pending']);
  assert.is(scene.link.hasAnswered, true);
  goOn();
  await settled();
  assert.equal([items.length, transport.paused, call.state], [2, false, 'resolved']);
  const next = scene.do(version);
  await settled();
  await transport.reply('VERSION 1\r\n');
  assert.is(next.state, 'resolved');
});

link('a server is not stalled while a consumer is busy', async () => {
  const { scene, transport, goOn, items, call } = await busyDump({ stallAfter: 2000 });
  const late = scene.do(version, { timeout: 1000 });
  await settled();
  for (let i = 0; i < 5; i++) await scene.pass(1000);
  assert.equal([scene.ends, transport.ends, call.state], [[], [], 'pending']);
  goOn();
  await settled();
  assert.equal([items.length, call.state], [2, 'resolved']);
  assert.is(late.brief, 'TimeoutError timeout not-sent');
});

link('abort ends a dump at once whose consumer is busy, and gives it no more', async () => {
  const { scene, transport, goOn, items, call } = await busyDump({}, LINE + LINE);
  scene.link.abort();
  await settled();
  assert.is(call.brief, 'ConnectionError connection unknown');
  assert.equal([scene.ends, transport.ends], [[[null, true]], ['abort']]);
  goOn();
  await settled();
  assert.equal([items.length, scene.clock.timers], [1, 0]);
});

link('a consumer that has thrown, or whose promise rejects, gets no more', async () => {
  for (const isLater of [false, true]) {
    const scene = new LinkScene();
    const transport = await scene.connect();
    const broken = new Error('broken');
    let items = 0;
    const call = scene.do(metadump, {
      onItem() {
        items++;
        if (isLater) return Promise.reject(broken);
        throw broken;
      },
    });
    await settled();
    await transport.reply(`${LINE}${LINE}`);
    await transport.reply(`${LINE}END\r\n`);
    assert.equal([call.error, items, transport.paused], [broken, 1, false]);
  }
});

link('a connection is sound once an item has come', async () => {
  const scene = new LinkScene();
  const transport = await scene.connect();
  scene.do(metadump, { onItem: () => {} });
  await settled();
  assert.is(scene.link.hasAnswered, false);
  await transport.reply(LINE);
  assert.is(scene.link.hasAnswered, true);
});

link('a connection that the far end has closed is neither closed nor aborted', async () => {
  const scene = new LinkScene();
  const transport = await scene.connect();
  await transport.lose();
  assert.equal(transport.ends, []);
  assert.is(scene.ends.length, 1);
});

link('a first late command is told once', async () => {
  let late = 0;
  const scene = new LinkScene({ onLate: () => late++ });
  await scene.connect();
  scene.do(version);
  scene.do(version, { timeout: 2000 });
  await scene.pass(1000);
  await scene.pass(1000);
  assert.is(late, 1);
});

/** A transport whose link has proved that the server knows meta commands. */
async function proved(scene: LinkScene, room: number): Promise<ScriptedTransport> {
  const transport = await scene.connect(room);
  scene.do(ms('z', 'z'));
  await settled();
  await transport.reply('HD O1\r\n');
  assert.is(scene.link.dialect, 'meta');
  transport.take();
  return transport;
}

const quiet = ms('a', 'x', 'q');
const plain: Command = {
  verb: 'mg',
  key: 'a',
  base64: false,
  flags: plainFlags('mg', ['v', 'f']),
  orText: true,
};
const plainQuiet: Command = {
  verb: 'ms',
  key: 'a',
  base64: false,
  value: 'x',
  flags: plainFlags('ms', ['F16', 'T60', 'q']),
  orText: true,
};
const unconfirmed = { unconfirmed: true } as const;

link('what is asked for without waiting waits, if it is not quiet', async () => {
  const scene = new LinkScene();
  const transport = await scene.connect();
  const call = scene.do(mg('a'), unconfirmed);
  await settled();
  assert.is(call.state, 'pending');
  await transport.reply('EN O1\r\n');
  assert.equal(call.value, { type: 'EN', flags: [] });
});

for (const [name, command] of [['plain', plain], ['other', mg('a')]] as const) {
  link(`${name}: a command that is aborted in its turn costs no byte`, async () => {
    const scene = new LinkScene();
    const transport = await scene.connect(1e6);
    const signal = new CountedSignal();
    const call = scene.do(command, { signal });
    signal.abort('why');
    await settled();
    assert.equal([call.brief, transport.take()], ['AbortError aborted not-sent', '']);
    assert.is(signal.listeners.size, 0);
  });

  link(`${name}: a command ends at its deadline`, async () => {
    const scene = new LinkScene();
    const transport = await scene.connect(1e6);
    const call = scene.do(command, { timeout: 50 });
    await scene.pass(49);
    assert.is(call.state, 'pending');
    assert.is(transport.sends, 1);
    await scene.pass(1);
    assert.is(call.brief, 'TimeoutError timeout unknown');
  });
}

for (const [name, command] of [['plain', plainQuiet], ['other', quiet]] as const) {
  link(`${name}: a quiet write that is aborted in its turn costs no byte`, async () => {
    const scene = new LinkScene();
    const transport = await scene.connect(1e6);
    const signal = new CountedSignal();
    const call = scene.do(command, { ...unconfirmed, signal });
    signal.abort('why');
    await settled();
    assert.equal([call.brief, transport.take()], ['AbortError aborted not-sent', '']);
    const other = new CountedSignal();
    const sent = scene.do(command, { ...unconfirmed, signal: other });
    await settled();
    assert.equal([sent.state, other.listeners.size], ['resolved', 0]);
  });

  link(`${name}: a quiet write waits for a transport that takes no more`, async () => {
    const scene = new LinkScene();
    const transport = await scene.connect(30);
    scene.do(ms('b', 'y'.repeat(100)));
    await settled();
    const write = scene.do(command, unconfirmed);
    await settled();
    assert.is(write.state, 'pending');
    await transport.drain(1e6);
    assert.is(write.state, 'resolved');
  });

  link(`${name}: quiet writes that are held back end with the connection`, async () => {
    const scene = new LinkScene({ fenceEvery: 4 });
    const transport = await scene.connect(1e6);
    const writes: Watched<unknown>[] = [];
    for (let i = 0; i < 20; i++) {
      writes.push(scene.do(command, unconfirmed));
      await settled();
    }
    assert.is(writes.filter(({ state }) => state === 'pending').length, name === 'plain' ? 3 : 4);
    await transport.lose();
    assert.equal(new Set(writes.map(({ state }) => state)), new Set(['resolved']));
  });

  link(
    `${name}: a loop of quiet writes lets the event loop turn when its time is over`,
    async () => {
      const clock = new TurnClock();
      const scene = new LinkScene({ clock, fenceEvery: 1000 });
      const transport = await scene.connect(1e6);
      clock.turn();
      let ended = 0;
      const loop = (async () => {
        for (; ended < 100; ended++) {
          clock.sleep(1);
          await scene.link.execute(command, unconfirmed);
        }
      })();
      await settled();
      const before = ended;
      // The time is measured from the 16th on. What leaves at once asks for it at the 32nd again.
      assert.is(before, name === 'plain' ? 31 : 19);
      await transport.reply('');
      assert.is(ended, before, 'data from elsewhere does not let it go on');
      for (let i = 0; i < 50 && ended < 100; i++) {
        clock.turn();
        await settled();
      }
      await loop;
      assert.is(ended, 100);
    },
  );
}

/** A command that is accounted with so many bytes. */
function sized(bytes: number, flags: readonly string[]): Command {
  const command = ms('k', '', ...flags) as Command & { flags: readonly string[] };
  const value = 'x'.repeat(bytes - sizeOf(command));
  return { ...ms('k', value), flags } as Command;
}

const BURST = 512 * 1024;
const kinds: readonly (readonly [name: string, flags: readonly string[], isQuiet: boolean])[] = [
  ['plain', plainFlags('ms', ['F16']), false],
  ['other', ['F17', 'k'], false],
  ['plain and quiet', plainFlags('ms', ['F16', 'q']), true],
  ['quiet', ['F17', 'k', 'q'], true],
];

for (const [name, flags, isQuiet] of kinds) {
  link(`${name}: a burst of more than 512 KiB is sent before its turn ends`, async () => {
    const scene = new LinkScene({ maxPendingBytes: 1e9 });
    const transport = await scene.connect(1e9);
    const options = isQuiet ? unconfirmed : undefined;
    scene.do(sized(BURST, flags), options);
    assert.is(transport.sends, 0, 'as much may be queued');
    scene.do(mg('a'));
    const sends = transport.sends;
    assert.ok(sends > 0);
    // The count begins anew.
    scene.do(sized(BURST, flags), options);
    assert.is(transport.sends, sends);
    await settled();
    assert.ok(transport.sends > sends);
    transport.take();
    scene.do(sized(BURST / 2, flags), options);
    scene.do(sized(BURST / 2, flags), options);
    assert.is(transport.sends, 0);
    scene.do(sized(BURST / 2, flags), options);
    assert.ok(transport.sends > 0);
  });
}

for (
  const [name, command, options] of [
    ['reads', plain, undefined],
    ['quiet writes', plainQuiet, unconfirmed],
  ] as const
) {
  link(`many plain ${name} are a burst`, async () => {
    const scene = new LinkScene({ fenceEvery: 10_000 });
    const transport = await scene.connect(1e9);
    const count = Math.floor(BURST / sizeOf(command));
    for (let i = 0; i < count; i++) scene.do(command, options);
    assert.is(transport.sends, 0);
    scene.do(command, options);
    assert.ok(transport.sends > 0);
  });

  link(`plain ${name} over TLS behind a value are asked for again`, async () => {
    const endpoint = { host: 'localhost', port: 11211, tls: {} };
    const scene = new LinkScene({ endpoint });
    const transport = await proved(scene, 1e6);
    if (options === undefined) scene.do(ms('b', 'x'));
    scene.do(command, options);
    await scene.pass(0);
    transport.take();
    await scene.pass(10);
    await scene.pass(10);
    assert.match(transport.take(), /^mn/);
  });
}

link('quiet writes that are awaited one by one leave 64 at a time', async () => {
  const scene = new LinkScene({ fenceEvery: 10_000 });
  const transport = await scene.connect(1e9);
  const counts: number[] = [];
  const send = transport.send.bind(transport);
  transport.send = (bytes) => {
    counts.push(latin1(bytes).split('ms a').length - 1);
    return send(bytes);
  };
  for (let i = 0; i < 200; i++) await scene.link.execute(plainQuiet, unconfirmed);
  await settled();
  assert.equal([Math.max(...counts), counts.reduce((sum, count) => sum + count)], [64, 200]);
});

link(
  'one quiet write that is held back listens to no signal, and ends when there is room',
  async () => {
    const scene = new LinkScene({ fenceEvery: 4 });
    const transport = await scene.connect(1e6);
    for (let i = 0; i < 16; i++) {
      scene.do(quiet, unconfirmed);
      await settled();
    }
    const signal = new CountedSignal();
    const write = scene.do(quiet, { ...unconfirmed, signal });
    await settled();
    assert.equal([write.state, signal.listeners.size], ['pending', 0]);
    await transport.reply('MN\r\n');
    assert.is(write.state, 'resolved');
  },
);

link('after a burst the time of a command begins with the call', async () => {
  const scene = new LinkScene({ maxPendingBytes: 1e9 });
  const transport = await proved(scene, 1e9);
  const send = transport.send.bind(transport);
  transport.send = (bytes) => {
    scene.clock.sleep(300);
    return send(bytes);
  };
  scene.do(sized(BURST + 1, []), { timeout: 60_000 });
  transport.send = send;
  const call = scene.do(version, { timeout: 1000 });
  await scene.pass(999);
  assert.is(call.state, 'pending');
  await scene.pass(1);
  assert.is(call.state, 'rejected');
});

link('a chunk of 16 KiB is much to read, and one byte less is not', async () => {
  for (const length of [16 * 1024 - 1, 16 * 1024]) {
    const clock = new TurnClock();
    const scene = new LinkScene({ clock });
    const transport = await scene.connect(1e9);
    scene.do(mg('a'));
    scene.do(mg('a'));
    await settled();
    const head = `VA 00000 O1\r\n`.length + 2;
    const value = 'x'.repeat(length - head);
    for (const opaque of [1, 2]) {
      await transport.reply(`VA ${value.length} O${opaque}\r\n${value}\r\n`);
      clock.sleep(5);
    }
    assert.is(transport.paused, length === 16 * 1024, `${length} bytes`);
  }
});

link('a chunk that was lent is copied where its bytes are kept, another is not', async () => {
  for (const isLent of [true, false]) {
    const scene = new LinkScene();
    await scene.connect(1e6);
    const seen: unknown[] = [];
    const reader: Reader<string> = {
      ofReply: (reply) => reply.type === 'VA' ? latin1(reply.value) : reply.type,
      ofItem: (item) => {
        seen.push(item.isLent);
        return latin1(item.bytes, item.from, item.to);
      },
    };
    const read = (): Watched<string> =>
      new Watched(scene.link.executeWith(plain, undefined, reader, 'a'));
    const calls = [read(), read()];
    await settled();
    const take = (text: string): void => {
      const chunk = fromLatin1(text);
      if (!isLent) scene.link.onData(chunk);
      else if (scene.link.onLent(chunk) === null) chunk.fill(0);
    };
    take('VA 5 f0 O1\r\nhello\r\nVA 5 f0 O2\r\nwo');
    take('rld\r\n');
    await settled();
    assert.equal(calls.map(({ value }) => value), ['hello', 'world']);
    assert.is(seen[0], isLent);
  }
});

link('a reader is told when its call times out, by the clock', async () => {
  for (const onCommand of [undefined, (): (end: CommandEnd) => void => () => {}]) {
    const scene = new LinkScene({ ...(onCommand === undefined ? {} : { onCommand }) });
    const transport = await scene.connect(1e6);
    scene.link.pause();
    await scene.pass(700);
    scene.link.resume();
    const now = scene.clock.elapsed();
    const reader: Reader<number> = { ofReply: (_, { deadline }) => deadline - now };
    const calls = [{ timeout: 300 }, undefined].map((options) =>
      new Watched(scene.link.executeWith(version, options, reader, ''))
    );
    await settled();
    assert.is(scene.link.usedAt, now);
    await transport.reply('VERSION 1\r\nVERSION 1\r\n');
    assert.equal(calls.map(({ value }) => value), [300, 1000]);
    scene.link.pause();
    await scene.pass(50);
    scene.link.resume();
    assert.is(scene.link.usedAt, now + 50);
  }
});

link('observers get the command as it is sent, once the dialect is known', async () => {
  const seen: string[] = [];
  for (const dialect of ['text', 'meta'] as const) {
    const scene = new LinkScene({ dialect, onCommand: ({ verb }) => void seen.push(verb) });
    const transport = await scene.connect(1e6);
    scene.do(plain);
    scene.do({ verb: 'get', keys: ['a'] });
    await settled();
    assert.match(transport.take(), dialect === 'text' ? /^get a\r\nget a\r\n$/ : /^mg a/);
  }
  assert.equal(seen.slice(-2), ['mg', 'get']);
  assert.equal(seen.slice(1, 3), ['get', 'get']);
});

link('what the dialect of a server cannot say is refused, unsent, once it is known', async () => {
  const scene = new LinkScene();
  scene.network.last.answersProbes = false;
  const transport = await scene.network.last.accept();
  const call = scene.do(ms('a', 'x', 'I'));
  await settled();
  await transport.reply('ERROR\r\nEND\r\n');
  assert.is(call.brief, 'UsageError usage not-sent');
  assert.is((call.error as { argument?: string } | undefined)?.argument, 'dialect');
  assert.equal(scene.ends, []);
});

/** A link whose server closes at the probe, and the one that takes its commands over. */
function withHeir(options: ConstructorParameters<typeof LinkScene>[0] = {}) {
  let heir: Link | null = null;
  const scene: LinkScene = new LinkScene({
    onClosed(_link, { atProbe }) {
      assert.is(atProbe, true);
      const { dial } = scene.network;
      const endpoint = { host: 'localhost', port: 11211 };
      return heir = new Link({
        ...{ dial, endpoint, clock: scene.clock, timeout: 1000, connectTimeout: 500 },
        ...{ closesAtProbe: true, onClosed: () => null },
        ...options,
      });
    },
  });
  return { scene, heir: () => heir };
}

link(
  'a command that another link takes over has its signal, and the time that it had left',
  async () => {
    const { scene } = withHeir();
    const signal = new CountedSignal();
    const store = { ...ms('a', 'x'), orText: true } as Command;
    const calls = [scene.do(store, { signal }), scene.do(store), scene.do(store, { timeout: 700 })];
    scene.network.last.answersProbes = false;
    const first = await scene.network.last.accept();
    await scene.pass(300);
    await first.lose();
    assert.is(signal.listeners.size, 1);
    signal.abort('why');
    await settled();
    assert.is(calls[0]?.brief, 'AbortError aborted not-sent');
    const second = await scene.network.last.accept();
    assert.is(second.take(), 'set a 0 0 1\r\nx\r\n'.repeat(2));
    await scene.pass(399);
    assert.is(calls[2]?.state, 'pending');
    await scene.pass(1);
    assert.is(calls[2]?.brief, 'TimeoutError timeout unknown');
    await scene.pass(300);
    assert.is(calls[1]?.brief, 'TimeoutError timeout unknown');
  },
);

link('a command that another link has no room for fails, and no other', async () => {
  const { scene } = withHeir({ maxPending: 1 });
  const store = { ...ms('a', 'x'), orText: true } as Command;
  const calls = [scene.do(store), scene.do(store)];
  scene.network.last.answersProbes = false;
  const first = await scene.network.last.accept();
  await first.lose();
  const second = await scene.network.last.accept();
  assert.is(second.take(), 'set a 0 0 1\r\nx\r\n');
  await second.reply('STORED\r\n');
  assert.equal(calls.map(({ brief }) => brief), [
    'resolved',
    'ConnectionError overloaded not-sent',
  ]);
});

link.run();
