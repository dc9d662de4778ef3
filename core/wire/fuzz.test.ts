// The law: for any bytes, nothing comes out but values, events and ProtocolErrors, within
// the limits and in linear time; how the bytes are cut makes no difference.
import * as assert from 'uvu/assert';
import { bytes, show, text } from '../../conformance/assert.ts';
import { Random } from '../../conformance/random.ts';
import { replyVectors } from '../../conformance/vectors/replies.ts';
import { suite } from '../../test/runner/suite.ts';
import { cut as cutOf, replyLines, requestLines, soup as soupOf } from '../../test/support/soup.ts';
import { ClientConnection } from './client-connection.ts';
import type { Command } from './command.ts';
import { isQuiet } from './command-facts.ts';
import { BadRequest, CommandDecoder } from './decode-command.ts';
import { ReplyDecoder } from './decode-reply.ts';
import { encodeReply } from './encode-reply.ts';
import { ConnectionError, ProtocolError, UsageError } from './errors.ts';
import { isItem } from './reply.ts';

const fuzz = suite('fuzz of the wire');
const random = new Random(Number(process.env['MEMWIRE_SEED'] ?? 20261121));
const rounds = Number(process.env['MEMWIRE_RUNS'] ?? 3000);

const requests = replyVectors.map(({ request }) => request);
const soup = (samples: readonly string[]): Uint8Array => soupOf(random, samples);
const cut = (data: Uint8Array): Uint8Array[] => cutOf(random, data);

fuzz('a reply decoder gives replies and ProtocolErrors, however the bytes are cut', () => {
  const read = (request: Command | null, chunks: readonly Uint8Array[]): string => {
    const decoder = new ReplyDecoder({ maxLine: 1000, maxValue: 5000, maxLines: 5000 });
    const found: unknown[] = [];
    try {
      for (const chunk of chunks) {
        decoder.push(chunk);
        for (let part = decoder.next(request); part !== null; part = decoder.next(request)) {
          found.push(part, decoder.opaque);
        }
      }
    } catch (error) {
      assert.instance(error, ProtocolError);
      found.push('ended');
    }
    return show(found);
  };
  for (let round = 0; round < rounds; round++) {
    const request = random.chance(0.1) ? null : random.pick(requests);
    const data = soup(replyLines);
    assert.is(read(request, cut(data)), read(request, [data]), show([request, data]));
  }
});

fuzz('a command decoder throws nothing, and reads alike however the bytes are cut', () => {
  const read = (chunks: readonly Uint8Array[], auth: boolean): string => {
    const decoder = new CommandDecoder();
    decoder.authenticating = auth;
    const found: unknown[] = [];
    for (const chunk of chunks) {
      decoder.push(chunk);
      for (let next = decoder.next(); next !== null; next = decoder.next()) {
        found.push(next instanceof BadRequest ? next.reply ?? 'silence' : next);
      }
    }
    return show([...found, decoder.dead]);
  };
  for (let round = 0; round < rounds; round++) {
    const auth = random.chance(0.1);
    const data = soup(requestLines);
    assert.is(read(cut(data), auth), read([data], auth), show(data));
  }
});

fuzz('a client connection ends each command once, whatever it is answered and however cut', () => {
  const run = (commands: readonly Command[], chunks: readonly Uint8Array[]): string => {
    const connection = new ClientConnection<number>({ fenceEvery: 3 });
    const events: unknown[] = [];
    const ended = new Set<number>();
    const end = (tag: number): void => {
      assert.not(ended.has(tag), 'a command ended twice');
      ended.add(tag);
    };
    const take = (): void => {
      for (let event = connection.next(); event !== null; event = connection.next()) {
        events.push(event);
        connection.assertInvariants();
        if (event.type === 'reply' || event.type === 'timeout') end(event.tag);
        if (event.type === 'closed') [...event.unsent, ...event.unanswered].forEach(end);
      }
    };
    commands.forEach((command, tag) => connection.send(command, tag));
    for (let data = connection.transmit(0); data !== null; data = connection.transmit(0)) {
      connection.sent(data.length);
    }
    for (const chunk of chunks) {
      connection.receive(chunk, 0);
      take();
      connection.assertInvariants();
    }
    connection.receiveEnd();
    take();
    connection.assertInvariants();
    assert.is(ended.size, commands.length);
    return show(events);
  };
  for (let round = 0; round < rounds; round++) {
    const vectors = Array.from({ length: 1 + random.below(5) }, () => random.pick(replyVectors));
    // Stamped as the connection stamps them, so that most replies find their way.
    let stamp = 0;
    const answers = vectors.map(({ request, bytes: reply }) =>
      /^m[gsda]$/.test(request.verb) ? reply.replace('\r\n', ` O${++stamp}\r\n`) : reply
    ).join('');
    const commands = vectors.map(({ request }) =>
      'flags' in request && Array.isArray(request.flags) && random.chance(0.3)
        ? { ...request, flags: [...request.flags as string[], 'q'] } as Command
        : request
    );
    const data = random.chance(0.5) ? bytes(`${answers}MN\r\n`) : soup([answers, 'MN\r\n']);
    assert.is(run(commands, cut(data)), run(commands, [data]), show([commands, data]));
  }
});

const inputs = [
  ...['tick', 'cancel', 'other'] as const,
  ...['transmit', 'transmit', 'transmit', 'receive', 'receive', 'receive'] as const,
  ...['send', 'send', 'send'] as const,
];

fuzz('what a client connection keeps account of is right after every input', () => {
  let answered = 0;
  for (let round = 0; round < rounds; round++) {
    const connection = new ClientConnection<number>({
      fenceEvery: 3,
      maxPending: 20,
      stallAfter: 90,
    });
    const server = new PoliteServer();
    let now = 0;
    for (let tag = 0; tag < 60; tag++) {
      now += random.below(4);
      switch (random.pick(inputs)) {
        case 'tick':
          connection.tick(now);
          break;
        case 'cancel':
          connection.cancel(random.below(tag + 1));
          break;
        case 'transmit': {
          const data = connection.transmit(now);
          if (data === null) break;
          const taken = random.below(data.length + 1);
          server.take(data.subarray(0, taken));
          connection.sent(taken);
          break;
        }
        case 'receive':
          connection.receive(random.chance(0.02) ? bytes('END\r\n') : server.give(), now);
          break;
        case 'other':
          if (random.chance(0.9)) connection.nudge();
          else if (random.chance(0.2)) connection.end();
          else if (random.chance(0.1)) connection.receiveEnd();
          break;
        case 'send':
          trySend(connection, tag, now);
      }
      connection.assertInvariants();
      for (let event = connection.next(); event !== null; event = connection.next()) {
        if (event.type === 'reply') answered++;
        connection.assertInvariants();
      }
    }
    connection.fail(new Error('the end'));
    while (connection.next() !== null);
    connection.assertInvariants();
    assert.equal([connection.pending, connection.pendingBytes], [0, 0]);
  }
  assert.ok(answered > rounds, `only ${answered} replies found a command`);
});

/** Answers each line as a server without an item does, a few bytes at a time. */
class PoliteServer {
  #taken = '';
  #due = '';

  take(data: Uint8Array): void {
    const lines = (this.#taken + text(data)).split('\r\n');
    this.#taken = lines.pop() ?? '';
    for (const line of lines) {
      const reply = new Map([
        ['get', 'END'],
        ['mg', 'EN kmemwire-probe O0'],
        ['mn', 'MN'],
        ['version', 'VERSION 1'],
        ['watch', 'OK'],
      ]).get(line.split(' ')[0] ?? '');
      if (reply !== undefined) this.#due += `${reply}\r\n`;
    }
  }

  give(): Uint8Array {
    const count = random.below(this.#due.length + 1);
    const given = this.#due.slice(0, count);
    this.#due = this.#due.slice(count);
    return bytes(given);
  }
}

function trySend(connection: ClientConnection<number>, tag: number, now: number): void {
  const key = 'k';
  const command: Command = random.pick<Command>([
    { verb: 'get', keys: [key] },
    { verb: 'get', keys: [key] },
    { verb: 'delete', key, noreply: true },
    { verb: 'ms', key, base64: false, value: 'v', flags: ['q'] },
    random.chance(0.1) ? { verb: 'watch', words: [] } : { verb: 'version' },
  ]);
  try {
    const until = isQuiet(command) && random.chance(0.5) ? 'sent' : 'answered';
    const isAwaited = random.chance(0.8);
    connection.send(command, isAwaited ? tag : undefined, now + 1 + random.below(60), until);
  } catch (error) {
    if (!(error instanceof ConnectionError)) throw error;
  }
}

fuzz('what was read of a reply can be written, as one reply and no more', () => {
  for (let round = 0; round < rounds; round++) {
    const { request } = random.pick(replyVectors);
    const decoder = new ReplyDecoder();
    try {
      decoder.push(soup(replyLines));
      const reply = decoder.next(request);
      if (reply === null || isItem(reply)) continue;
      const again = new ReplyDecoder();
      again.push(encodeReply(reply));
      assert.is(show(again.next(request)), show(reply));
      assert.not(again.pending, 'bytes are left');
    } catch (error) {
      // A key or a word with a byte in it that would break the line is not written.
      if (!(error instanceof ProtocolError) && !(error instanceof UsageError)) throw error;
    }
  }
});

// Quadratic work would not end within the time a test has.
const megabyte = 1_000_000;
const letter = bytes('k');
const space = bytes(' ');

fuzz('a long value, byte by byte, takes linear time', () => {
  const decoder = new ReplyDecoder();
  const request: Command = { verb: 'get', keys: ['k'] };
  decoder.push(bytes(`VALUE k 0 ${megabyte}\r\n`));
  let early = 0;
  for (let i = 0; i < megabyte; i++) {
    decoder.push(letter);
    if (i % 2 === 0 && decoder.next(request) !== null) early++;
  }
  assert.is(early, 0);
  decoder.push(bytes('\r\nEND\r\n'));
  const reply = decoder.next(request);
  assert.is(reply?.type === 'values' && reply.items[0]?.value.length, megabyte);
});

fuzz('a long get, byte by byte, takes linear time', () => {
  const decoder = new CommandDecoder();
  decoder.push(bytes('get '));
  let early = 0;
  for (let i = 0; i < megabyte; i++) {
    decoder.push(i % 10 === 0 ? space : letter);
    if (decoder.next() !== null) early++;
  }
  assert.is(early, 0);
  decoder.push(bytes('\r\n'));
  const command = decoder.next();
  assert.is(command !== null && 'keys' in command && command.keys.length, megabyte / 10);
});

fuzz('many chunks that wait take linear time', () => {
  const decoder = new ReplyDecoder();
  const line = bytes('MN\r\n');
  const count = 100_000;
  for (let i = 0; i < count * 4; i++) decoder.push(line.subarray(i % 4, (i % 4) + 1));
  let found = 0;
  while (decoder.next({ verb: 'mn' }) !== null) found++;
  assert.is(found, count);
  assert.not(decoder.pending);
});

fuzz('what a server may say without end is held to a limit', () => {
  const limits = { maxLine: 1000, maxValue: 2000, maxLines: 2000 };
  const raw = (reply: 'lines' | 'values' | 'stats'): Command => ({
    verb: 'raw',
    line: 'x',
    value: null,
    reply,
  });
  const endless: readonly [Command, string][] = [
    [raw('lines'), '\r\n'],
    [raw('values'), 'VALUE k 0 0\r\n\r\n'],
    [raw('stats'), 'STAT \r\n'],
    [{ verb: 'get', keys: ['k'] }, 'x'],
    [{ verb: 'get', keys: ['k'] }, 'VALUE k 0 0\r\n\r\n'],
    [{ verb: 'get', keys: ['k'] }, 'VALUE k 0 2001\r\n'],
    [{ verb: 'mg', key: 'k', base64: false, flags: [] }, 'VA 2001\r\n'],
    [{ verb: 'config get', words: ['x'] }, 'CONFIG x 0 2001\r\n'],
    [{ verb: 'watch', words: [] }, 'OK '],
  ];
  for (const [request, part] of endless) {
    const decoder = new ReplyDecoder(limits);
    const feed = (): void => {
      for (let i = 0; i < 2000; i++) {
        decoder.push(bytes(part));
        decoder.next(request);
      }
    };
    assert.throws(feed, (error: unknown) => error instanceof ProtocolError, show([request, part]));
  }
});

fuzz.run();
