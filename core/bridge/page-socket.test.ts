import * as assert from 'uvu/assert';
import { ScriptedTransport } from '../../test/support/scripted.ts';
import { seeded } from '../../test/support/seeded.ts';
import { frame, ListeningBridge, unframe } from '../../test/support/wire-page.ts';
import { fromLatin1 } from '../wire/bytes.ts';
import { bridgeLimits } from './options.ts';
import { PageSocket } from './page-socket.ts';

const { suite: page, random } = seeded('bridge: the WebSocket of a page', 20261127);
const MN = frame(2, 'mn\r\n');
const ANSWER = '\x82\x04MN\r\n';
const EMPTY_MESSAGE = '\x88\x12\x03\xf0an empty message';

page('an empty message closes the socket, and nothing after it is read', async () => {
  const bridge = await ListeningBridge.start();
  const other = await bridge.open();
  const flood = await bridge.open();
  const said = await flood.say(frame(2).repeat(10_000) + MN);
  assert.is(said, EMPTY_MESSAGE);
  assert.is(flood.transport.paused, true);
  assert.is(await flood.say(MN), '');
  await bridge.pass(999);
  assert.equal(flood.transport.ends, []);
  await bridge.pass(1);
  assert.equal(flood.transport.ends, ['abort']);
  assert.equal(other.transport.ends, []);
});

page('messages beyond their rate are read later, whatever they hold', async () => {
  const bridge = await ListeningBridge.start({ messageRate: 4 });
  const drip = await bridge.open();
  assert.is(await drip.say([...'mn\r\nmn\r\n'].map((letter) => frame(2, letter)).join('')), ANSWER);
  assert.is(drip.transport.paused, true);
  await bridge.pass(749);
  assert.is(drip.transport.take(), '');
  await bridge.pass(251);
  assert.is(drip.transport.take(), ANSWER);
  await bridge.pass(250);
  assert.is(drip.transport.paused, false);
  assert.is(bridgeLimits.messageRate, 2000);
});

page('the frames of a message count each', async () => {
  const bridge = await ListeningBridge.start({ messageRate: 4 });
  const cut = await bridge.open();
  const pieces = frame(2, '', false) + frame(0, '', false).repeat(3) + frame(0, 'mn\r\n');
  assert.is(await cut.say(pieces), '');
  assert.is(cut.transport.paused, true);
  await bridge.pass(250);
  assert.is(cut.transport.take(), ANSWER);
});

page('a flood costs no more than its rate, however much of it has arrived', async () => {
  const bridge = await ListeningBridge.start({ messageRate: 100, rate: 1_000_000 });
  const flood = await bridge.open();
  const count = async (said: Promise<string> | string): Promise<number> =>
    (await said).split('MN').length - 1;
  assert.is(await count(flood.say(MN.repeat(5000))), 100);
  const timers = bridge.clock.timers;
  await bridge.pass(1000);
  assert.is(await count(flood.transport.take()), 100);
  assert.is(bridge.clock.timers, timers);
});

page('bytes beyond their rate are read later, those of frames and of pings too', async () => {
  const bridge = await ListeningBridge.start({ byteRate: 100 });
  const flood = await bridge.open();
  assert.is(unframe(await flood.say(MN.repeat(9))), 'MN\r\n'.repeat(9));
  assert.is(await flood.say(frame(9, 'x'.repeat(54))), '');
  assert.is(flood.transport.paused, true);
  await bridge.pass(509);
  assert.is(flood.transport.take(), '');
  await bridge.pass(1);
  assert.is(flood.transport.take(), `\x8a\x36${'x'.repeat(54)}`);
  assert.is(flood.transport.paused, false);
  assert.is(bridgeLimits.byteRate, 16 * 1024 * 1024);
});

for (const [what, opcode] of [['pings', 9], ['pongs', 10]] as const) {
  page(`more ${what} than may be close the socket`, async () => {
    const bridge = await ListeningBridge.start({ controlRate: 3 });
    const flood = await bridge.open();
    const answers = opcode === 9 ? '\x8a\x01x'.repeat(3) : '';
    assert.is(await flood.say(frame(opcode, 'x').repeat(3)), answers);
    await bridge.pass(334);
    assert.is(await flood.say(frame(opcode, 'x')), answers.slice(0, 3));
    assert.is(
      await flood.say(frame(opcode, 'x').repeat(5000) + MN),
      '\x88\x19\x03\xf0too many control frames',
    );
    assert.is(flood.transport.paused, true);
    assert.is(bridge.running.bridge.sockets, 0);
    assert.is(bridgeLimits.controlRate, 10);
  });
}

page('pings that nobody reads the answer to are not answered', async () => {
  const bridge = await ListeningBridge.start();
  const deaf = await bridge.open(5);
  const ping = frame(9, 'x'.repeat(10));
  assert.is(await deaf.say(ping.repeat(3)), '\x8a\x0axxx');
  await deaf.transport.drain(Infinity);
  assert.is(deaf.transport.take(), 'x'.repeat(7));
  assert.is(await deaf.say(ping), `\x8a\x0a${'x'.repeat(10)}`);
});

page('a page that was refused has a second, and its own close frame ends it sooner', async () => {
  const bridge = await ListeningBridge.start();
  const polite = await bridge.open();
  const told = await polite.say(frame(2, 'flush_all\r\n'));
  assert.match(told, /CLIENT_ERROR not allowed\r\n\x88\x0d\x03\xf0not allowed$/);
  assert.equal(polite.transport.ends, []);
  await polite.say(MN + frame(8, '\x03\xf0'));
  assert.equal(polite.transport.ends, ['close']);
  await bridge.pass(1000);
  assert.equal(polite.transport.ends, ['close', 'abort']);
});

page('of a page that was refused so much is read, and no more', async () => {
  const bridge = await ListeningBridge.start();
  const talker = await bridge.open();
  await talker.say(frame(2, 'flush_all\r\n'));
  await talker.say(frame(2, 'x'.repeat(16_000)));
  assert.is(talker.transport.paused, false);
  await talker.say(frame(2, 'x'.repeat(1000)));
  assert.is(talker.transport.paused, true);
  await talker.say(frame(8));
  assert.equal(talker.transport.ends, []);
  await bridge.pass(1000);
  assert.equal(talker.transport.ends, ['abort']);
});

page('of a page that was refused nothing is read behind a bad frame', async () => {
  const bridge = await ListeningBridge.start();
  const rude = await bridge.open();
  await rude.say(frame(2, 'flush_all\r\n'));
  assert.is(rude.transport.paused, false);
  await rude.say('\x82\x01a');
  assert.is(rude.transport.paused, true);
  await rude.say(frame(8));
  assert.equal(rude.transport.ends, []);
});

page('who quits gets what it has not read, and its end afterwards', async () => {
  const bridge = await ListeningBridge.start();
  const slow = await bridge.open(99);
  const said = await slow.say(frame(2, 'mn\r\n'.repeat(50) + 'quit\r\n'));
  assert.is(said.length, 99);
  await bridge.pass(10_000);
  assert.equal(slow.transport.ends, []);
  await slow.transport.drain(Infinity);
  assert.match(slow.transport.take(), /MN\r\n\x88\x06\x03\xe8quit$/);
  await slow.say(frame(8, '\x03\xe8'));
  assert.equal(slow.transport.ends, ['close']);
});

page('who quits and says nothing more is closed in order, not cut off', async () => {
  const bridge = await ListeningBridge.start();
  const silent = await bridge.open();
  await silent.say(frame(2, 'quit\r\n'));
  await bridge.pass(1000);
  assert.equal(silent.transport.ends, ['close']);
});

page('a page may end it, and is answered', async () => {
  const bridge = await ListeningBridge.start();
  const leaving = await bridge.open();
  assert.is(await leaving.say(frame(8, '\x03\xe8bye') + MN), '\x88\x02\x03\xe8');
  assert.equal(leaving.transport.ends, ['close']);
  assert.is(bridge.running.bridge.sockets, 0);
  assert.equal(bridge.log.at(-1)?.type === 'closed' && bridge.log.at(-1), {
    type: 'closed',
    client: { id: 1, address: '192.0.2.7', origin: 'https://app.example.org', tenant: null },
    why: 'gone',
  });
  leaving.lose();
  assert.is(bridge.clock.timers, 0);
});

page('a page that said its end and stays is cut off in a second', async () => {
  const bridge = await ListeningBridge.start();
  const staying = await bridge.open();
  await staying.say(frame(8));
  await bridge.pass(999);
  assert.equal(staying.transport.ends, ['close']);
  await bridge.pass(1);
  assert.equal(staying.transport.ends, ['close', 'abort']);
});

page('as a transport, it is closed with 1000', async () => {
  const { running } = await ListeningBridge.start();
  const transport = new ScriptedTransport();
  const socket = new PageSocket(transport, running.bridge.settings);
  socket.close();
  socket.close();
  assert.is(transport.take(), '\x88\x02\x03\xe8');
  assert.is(socket.send(new Uint8Array(5)), 5);
  assert.is(transport.take(), '');
});

page('an end with a bad code is a bad end', async () => {
  const bridge = await ListeningBridge.start();
  const leaving = await bridge.open();
  assert.match(await leaving.say(frame(8, '\x03')), /^\x88.\x03\xeaa bad close frame$/);
});

page('a page whose connection half closes is gone, and so is one that is lost', async () => {
  const bridge = await ListeningBridge.start();
  const [half, lost] = [await bridge.open(), await bridge.open()];
  half.end();
  assert.equal(half.transport.ends, ['close']);
  assert.is(bridge.running.bridge.sockets, 1);
  lost.lose(new Error('reset'));
  assert.is(bridge.running.bridge.sockets, 0);
  half.lose();
  assert.is(bridge.clock.timers, 0);
});

page('a place is free when its connection is gone, and not before', async () => {
  const bridge = await ListeningBridge.start({ maxSockets: 1 });
  const first = await bridge.open();
  await first.say(frame(2));
  const second = bridge.connect();
  assert.ok(second);
  const refused = await bridge.open();
  assert.is(refused.transport.take(), '');
  await bridge.pass(1000);
  assert.equal(refused.transport.ends, ['abort']);
  first.lose();
  const third = await bridge.open();
  assert.is(await third.say(MN), ANSWER);
});

page('silence is asked after with a ping, which an answer ends', async () => {
  const bridge = await ListeningBridge.start();
  const [silent, alive] = [await bridge.open(), await bridge.open()];
  await bridge.pass(30_000);
  assert.is(silent.transport.take(), '\x89\0');
  await alive.say(frame(10));
  await bridge.pass(30_000);
  assert.equal([silent.transport.ends, alive.transport.ends], [['abort'], []]);
});

page('nobody is asked who has not read what came before, or is at the end', async () => {
  const bridge = await ListeningBridge.start();
  const [deaf, leaving] = [await bridge.open(1), await bridge.open()];
  await deaf.say(MN);
  await leaving.say(frame(2, 'quit\r\n'));
  await bridge.pass(30_000);
  assert.is(leaving.transport.take(), '');
  await deaf.transport.drain(Infinity);
  assert.is(deaf.transport.take(), ANSWER.slice(1));
});

page('who quits and has not read the last byte of its end is not closed before', async () => {
  const bridge = await ListeningBridge.start();
  const slow = await bridge.open(7);
  assert.is(await slow.say(frame(2, 'quit\r\n')), '\x88\x06\x03\xe8qui');
  await bridge.pass(2000);
  assert.equal(slow.transport.ends, []);
  await slow.transport.drain(1);
  assert.is(slow.transport.take(), 't');
  await bridge.pass(1000);
  assert.equal(slow.transport.ends, ['close']);
});

for (const length of [100, 200, 20_000, 70_000]) {
  page(`a reply of ${length} bytes is the same, read at once or bit by bit`, async () => {
    const bridge = await ListeningBridge.start();
    const [fast, slow] = [await bridge.open(), await bridge.open(7)];
    await fast.say(frame(2, `set a 0 0 ${length}\r\n${'x'.repeat(length)}\r\n`));
    const reply = `VA ${length}\r\n${'x'.repeat(length)}\r\n`;
    assert.is(unframe(await fast.say(frame(2, 'mg a v\r\n'))), reply);
    let bits = await slow.say(frame(2, 'mg a v\r\nmn\r\n'));
    assert.is(bits.length, 7);
    for (let more = bits; more !== '';) {
      await slow.transport.drain(5000);
      more = slow.transport.take();
      bits += more;
    }
    assert.is(unframe(bits), `${reply}MN\r\n`);
  });
}

page('what is lent is read as it was, whatever is written there later', async () => {
  for (let round = 0; round < 20; round++) {
    const bridge = await ListeningBridge.start({ messageRate: 3, byteRate: 100_000 });
    const lending = await bridge.open();
    const values = Array.from({ length: 6 }, (_, i) => {
      const length = random().pick([0, 1, 300, 5000, 65_536, 100_000]);
      return `${i}abcdefg`.repeat(length).slice(0, length);
    });
    const sets = values.map((value, i) => `set key:${i} 0 0 ${value.length}\r\n${value}\r\n`);
    // Messages begin and end anywhere.
    const said = sets.join('');
    const cuts = [0, ...sets.map(() => random().below(said.length)), said.length];
    cuts.sort((one, other) => one - other);
    const pieces = cuts.slice(1).map((cut, i) => said.slice(cuts[i], cut));
    const frames = pieces.filter((piece) => piece !== '')
      .map((piece) => frame(2, piece) + random().pick(['', frame(10)])).join('');
    const memory = new Uint8Array(64 * 1024);
    for (let at = 0; at < frames.length;) {
      if (lending.transport.paused) {
        await bridge.pass(100);
        continue;
      }
      const count = Math.min(random().pick([1, 1000, memory.length]), frames.length - at);
      memory.set(fromLatin1(frames.slice(at, at + count)));
      assert.is(lending.transport.events!.onLent!(memory.subarray(0, count)), null);
      memory.fill(0x58);
      at += count;
    }
    for (let i = 0; i < 200; i++) await bridge.pass(100);
    assert.is(unframe(lending.transport.take()), 'STORED\r\n'.repeat(values.length));
    const reading = await bridge.open();
    for (const [i, value] of values.entries()) {
      const read = unframe(await reading.say(frame(2, `mg key:${i} v\r\n`)));
      assert.is(read, `VA ${value.length}\r\n${value}\r\n`);
      await bridge.pass(1000);
    }
  }
});

page.run();
