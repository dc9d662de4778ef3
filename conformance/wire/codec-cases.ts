// Wire cases: codecs.
import { type Command, type Key } from '../../core/wire/command.ts';
import { ClientConnection } from '../../core/wire/client-connection.ts';
import { BadRequest, CommandDecoder } from '../../core/wire/decode-command.ts';
import { ReplyDecoder } from '../../core/wire/decode-reply.ts';
import { encodeCommand } from '../../core/wire/encode-command.ts';
import { encodeReply } from '../../core/wire/encode-reply.ts';
import { ProtocolError, UsageError } from '../../core/wire/errors.ts';
import { isItem, type Reply, type ReplyItem, serverError } from '../../core/wire/reply.ts';
import { bytes, equal, ok, text, throws } from '../assert.ts';
import type { Case } from '../case.ts';
import { cuttings } from '../chunks.ts';
import { badCommandVectors } from '../vectors/bad-commands.ts';
import { badReplyVectors } from '../vectors/bad-replies.ts';
import { commandVectors } from '../vectors/commands.ts';
import { transfer } from '../vectors/odd-bytes.ts';
import { replyVectors } from '../vectors/replies.ts';
import { REQUEST_LIMIT, requestVectors } from '../vectors/requests.ts';
import { brief, drain, events, proven, receive } from './tools.ts';

/** Requirements on the codecs: commands and replies to bytes and back. */
export const codecCases: readonly Case<undefined>[] = [
  ...commandVectors.flatMap((vector): Case<undefined>[] => [
    {
      name: `writes ${vector.name}`,
      run: () => equal(text(encodeCommand(vector.command)), vector.bytes),
    },
    {
      name: `reads ${vector.name}, however it is cut`,
      run() {
        const expected = vector.decoded ?? vector.command;
        for (const { name, chunks } of cuttings(bytes(vector.bytes))) {
          const auth = vector.command.verb === 'auth';
          equal(readRequests(chunks, auth).reads[0], expected, `read ${name}, it`);
        }
      },
    },
  ]),
  ...replyVectors.flatMap((vector): Case<undefined>[] => {
    const parts = [...(vector.items ?? []), ...(vector.reply === null ? [] : [vector.reply])];
    const reads: Case<undefined> = {
      name: `reads the reply ${vector.name}, however it is cut`,
      run() {
        for (const { name, chunks } of cuttings(bytes(vector.bytes))) {
          equal(readReply(vector.request, chunks), parts, `read ${name}, it`);
        }
      },
    };
    const leavesRest: Case<undefined> = {
      name: `reads what follows the reply ${vector.name}`,
      run() {
        const decoder = new ReplyDecoder();
        decoder.push(bytes(`${vector.bytes}MN\r\n`));
        for (const part of parts) equal(decoder.next(vector.request), part);
        equal(decoder.next({ verb: 'mn' }), { type: 'MN' }, 'what follows');
        ok(!decoder.pending, 'nothing may be left');
      },
    };
    const writes: Case<undefined> = {
      name: `writes the reply ${vector.name}`,
      run: () => equal(parts.map((part) => text(encodeReply(part))).join(''), vector.bytes),
    };
    return [
      reads,
      ...(vector.reply === null ? [] : [leavesRest]),
      ...(vector.readOnly === true ? [] : [writes]),
    ];
  }),
  ...badReplyVectors.map((vector): Case<undefined> => ({
    name: `ends the connection at ${vector.name}, however it is cut`,
    run() {
      for (const { name, chunks } of cuttings(bytes(vector.bytes))) {
        throws(() => readReply(vector.request, chunks), ProtocolError, `reading it ${name}`);
      }
    },
  })),
  ...badCommandVectors.map((vector): Case<undefined> => ({
    name: `refuses ${vector.name}, and writes nothing of it`,
    run() {
      // Values that the type system would never allow.
      const command = vector.command as Command;
      const error = throws(() => encodeCommand(command), UsageError);
      equal(error.argument, vector.argument, 'the argument named');
      ok(vector.rule.test(error.message), `"${error.message}" must match ${vector.rule}`);
      const connection = new ClientConnection<string>();
      connection.send({ verb: 'version' }, 'before');
      throws(() => connection.send(command, 'bad'), UsageError, 'sending it');
      connection.send({ verb: 'version' }, 'after');
      equal(drain(connection), 'version\r\nversion\r\n', 'what is sent');
    },
  })),
  ...requestVectors.map((vector): Case<undefined> => ({
    name: `as a server, reads ${vector.name}, however it is cut`,
    run() {
      const long = vector.bytes.length > 10_000;
      const all = cuttings(bytes(vector.bytes));
      for (const { name, chunks } of long ? all.filter((_, i) => i % 40 === 0) : all) {
        const { reads, dead } = readRequests(chunks, vector.auth === true);
        equal(reads, vector.reads, `read ${name}, it`);
        ok(
          vector.dead === undefined ? dead === null : vector.dead.test(dead ?? ''),
          `read ${name}, it must ${vector.dead === undefined ? 'live' : 'end'}, not: ${dead}`,
        );
      }
    },
  })),
  {
    name: 'reads a line that is as long as its limit, and none longer, however it is cut',
    run() {
      const request: Command = { verb: 'raw', line: 'future', value: null, reply: 'line' };
      const read = (line: string, chunks: readonly Uint8Array[]): void => {
        const decoder = new ReplyDecoder({ maxLine: 10 });
        let found: unknown = null;
        for (const chunk of chunks) {
          decoder.push(chunk);
          found ??= decoder.next(request);
        }
        equal(found, { type: 'line', line });
      };
      for (const end of ['\r\n', '\n']) {
        for (const { chunks } of cuttings(bytes(`0123456789${end}`))) read('0123456789', chunks);
        for (const { name, chunks } of cuttings(bytes(`0123456789x${end}`))) {
          throws(() => read('', chunks), ProtocolError, `reading one more ${name}`);
        }
      }
    },
  },
  {
    name: 'reads a key as bytes that stay what they were',
    run() {
      const decoder = new CommandDecoder();
      const keys: Key[] = [];
      for (const byte of bytes('get first\r\nget other\r\n')) {
        decoder.push(Uint8Array.of(byte));
        const command = decoder.next();
        if (command !== null && 'keys' in command) keys.push(...command.keys);
      }
      equal(keys, [bytes('first'), bytes('other')]);
    },
  },
  {
    // A quirk of memcached (protocol.md 1.2): the limit applies to the bytes of one read.
    name: 'as a server, reads a gat of 3 kB in one piece, and drops one whose end comes later',
    run() {
      const keys = Array.from({ length: 300 }, (_, index) => `key-${10_000 + index}`);
      const line = `gat 0 ${keys.join(' ')}`;
      equal(readRequests([bytes(`${line}\r\n`)], false).reads, [{ verb: 'gat', expire: 0, keys }]);
      const late = readRequests([bytes(line), bytes('\r\n')], false);
      equal(late, { reads: [], dead: 'a line has no end' });
    },
  },
  {
    name: 'as a server, drops a get that is longer than its limit, and one that blanks precede',
    run() {
      const drops = (line: string): string | null => {
        const decoder = new CommandDecoder({ maxGetLine: 3000 });
        decoder.push(bytes(line));
        equal(decoder.next(), null);
        return decoder.dead;
      };
      const end = 'a line has no end';
      equal(drops(`get ${'k '.repeat(1498)}`), null, 'a get of 3000 bytes');
      equal(drops(`gets ${'k '.repeat(1498)}`), end, 'a gets of 3001');
      equal(drops(`${' '.repeat(100)}get ${'k '.repeat(1000)}`), null, 'after 100 blanks');
      equal(drops(`${' '.repeat(101)}get ${'k '.repeat(1000)}`), end, 'after 101');
      equal(drops(`get${'k '.repeat(1100)}`), end, 'another word');
      equal(drops('k'.repeat(2048)), null, 'a line of 2048 bytes');
      equal(drops('k'.repeat(2049)), end, 'one of 2049');
    },
  },
  {
    name: 'writes the longest meta line within the 2048 bytes that servers take, and none longer',
    run() {
      const line = (length: number): Command => ({
        verb: 'ms',
        key: new Uint8Array(186),
        base64: true,
        value: new Uint8Array(1000),
        flags: ['q', `P${'x'.repeat(length)}`],
      });
      let length = 2048;
      let longest = '';
      for (; longest === ''; length--) {
        const connection = proven();
        try {
          connection.send(line(length), 'a');
        } catch (error) {
          if (!(error instanceof UsageError)) throw error;
          continue;
        }
        longest = drain(connection).split('\r\n')[0] ?? '';
      }
      ok(longest.length <= 2046, `it has ${longest.length} bytes and its end`);
      ok(longest.length > 2000, `it could be longer than ${longest.length} bytes`);
      ok(longest.endsWith(' O1'), 'it is whole');
    },
  },
  {
    name: 'writes nothing of a value that was transferred, and all that is beside it',
    run() {
      const buffer = new ArrayBuffer(100);
      const connection = proven();
      connection.send({ verb: 'version' }, 'before');
      const value = new Uint8Array(buffer);
      connection.send({ verb: 'ms', key: 'k', base64: false, value, flags: [] }, 'ms');
      connection.send({ verb: 'version' }, 'after');
      transfer(buffer);
      equal(drain(connection), 'version\r\nversion\r\n', 'what is sent');
      const [event, ...others] = events(connection);
      ok(event?.type === 'refused' && event.error instanceof UsageError, 'it is refused');
      equal([event.tag, event.error.outcome, others.length], ['ms', 'not-sent', 0]);
      equal(brief(receive(connection, 'VERSION 1\r\nVERSION 1\r\n')), [
        'before: VERSION',
        'after: VERSION',
      ]);
    },
  },
  {
    name: 'names a bad argument in a message of a line, however long it is',
    run() {
      for (
        const command of [
          { verb: 'x'.repeat(1e6) },
          { verb: 'mg', key: 'k', base64: false, flags: [`O${'x'.repeat(1e6)}`] },
          { verb: 'stats', words: ['x'.repeat(1e6)] },
        ]
      ) {
        const error = throws(() => encodeCommand(command as unknown as Command), UsageError);
        ok(error.message.length < 600, `${error.message.length} characters`);
      }
    },
  },
  ...([
    ['a line end in an error', { type: 'SERVER_ERROR', message: 'a\r\nSTORED' }],
    ['a character whose low byte is LF', { type: 'SERVER_ERROR', message: 'a\u010aSTORED' }],
    ['a line end in a flag', { type: 'HD', flags: ['ka\nMN'] }],
    ['a flag of such a character', { type: 'HD', flags: ['ka\u010aMN'] }],
    ['a line end in what is watched', { type: 'watch', line: 'a\nb' }],
    ['a space in a key', {
      type: 'values',
      items: [{ key: 'a b', flags: 0, value: bytes(''), cas: undefined }],
    }],
    ['flags that are none', {
      type: 'values',
      items: [{ key: 'a', flags: NaN, value: bytes(''), cas: undefined }],
    }],
    ['negative flags', {
      type: 'values',
      items: [{ key: 'a', flags: -1, value: bytes(''), cas: undefined }],
    }],
  ] as const).map(([name, reply]): Case<undefined> => ({
    name: `writes no reply with ${name}`,
    run: () => {
      throws(() => encodeReply(reply), UsageError);
    },
  })),
  {
    name: 'writes a meta reply that is longer than any request, whole',
    run() {
      const flags = Array.from({ length: 100 }, (_, index) => `k${'x'.repeat(70)}${index}`);
      equal(text(encodeReply({ type: 'HD', flags })), `HD ${flags.join(' ')}\r\n`);
    },
  },
  {
    name: 'writes a value that changed its length not at all',
    run() {
      const buffer = new ArrayBuffer(100_000, { maxByteLength: 200_000 });
      const connection = proven();
      const value = new Uint8Array(buffer);
      const command = {
        verb: 'set',
        key: 'k',
        flags: 0,
        expire: 0,
        value,
        noreply: false,
      } as const;
      connection.send(command, 'set');
      const header = connection.transmit(0);
      equal(header === null ? '' : text(header), 'set k 0 0 100000\r\n');
      connection.sent(header?.length ?? 0);
      buffer.resize(50_000);
      equal(connection.transmit(0), null, 'what is sent after it');
      const event = connection.next();
      ok(event?.type === 'closed' && event.cause instanceof UsageError, 'it must close');
      equal(event.unanswered, ['set']);
    },
  },
];

/** The commands that a server reads from these chunks, and its reason to disconnect. */
function readRequests(
  chunks: readonly Uint8Array[],
  auth: boolean,
): { reads: (Command | string | null)[]; dead: string | null } {
  const decoder = new CommandDecoder({
    admit: (_header, length) =>
      length > REQUEST_LIMIT ? serverError('object too large for cache') : null,
  });
  decoder.authenticating = auth;
  const reads: (Command | string | null)[] = [];
  for (const chunk of chunks) {
    decoder.push(chunk);
    for (let request = decoder.next(); request !== null; request = decoder.next()) {
      if (!(request instanceof BadRequest)) reads.push(request);
      else if (request.reply === null) reads.push(null);
      else reads.push(text(encodeReply(request.reply)).trimEnd());
    }
  }
  return { reads, dead: decoder.dead };
}

/** The parts of a reply in these chunks. */
function readReply(request: Command, chunks: readonly Uint8Array[]): (Reply | ReplyItem)[] {
  const decoder = new ReplyDecoder();
  const parts: (Reply | ReplyItem)[] = [];
  for (const chunk of chunks) {
    decoder.push(chunk);
    for (let part = decoder.next(request); part !== null; part = decoder.next(request)) {
      parts.push(part);
      if (!isItem(part)) break;
    }
  }
  return parts;
}
