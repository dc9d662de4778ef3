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
import { replyVectors } from '../vectors/replies.ts';
import { REQUEST_LIMIT, requestVectors } from '../vectors/requests.ts';
import { drain } from './tools.ts';

/** Commands and replies to bytes and back. */
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
      // The point is what happens to what the type system would never let through.
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
    name: 'writes a value that changed its length not at all',
    run() {
      const buffer = new ArrayBuffer(100_000, { maxByteLength: 200_000 });
      const connection = new ClientConnection<string>();
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

/** What a server reads from these chunks, and why it disconnects the peer. */
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

/** The parts of a reply that come with these chunks. */
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
