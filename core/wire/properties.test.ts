import fc from 'fast-check';
import { suite } from '../../test/runner/suite.ts';
import { show } from '../../conformance/assert.ts';
import { Random } from '../../conformance/random.ts';
import { commandVectors } from '../../conformance/vectors/commands.ts';
import { replyVectors } from '../../conformance/vectors/replies.ts';
import { anyCommand, anyExchange } from '../../test/support/arbitrary.ts';
import { fromLatin1 } from './bytes.ts';
import type { Command } from './command.ts';
import { BadRequest, CommandDecoder } from './decode-command.ts';
import { ReplyDecoder } from './decode-reply.ts';
import { encodeCommand } from './encode-command.ts';
import { encodeReply } from './encode-reply.ts';
import { ProtocolError, UsageError } from './errors.ts';
import { isItem, type Reply } from './reply.ts';
import { utf8 } from './bytes.ts';

const properties = suite('properties of the wire');
const seed = Number(process.env['MEMWIRE_SEED'] ?? 20261121);
const numRuns = Number(process.env['MEMWIRE_RUNS'] ?? 4000);

/** Chunks of a random length. */
function cut(bytes: Uint8Array, random: Random): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = at + 1 + random.below(random.chance(0.5) ? 3 : 200);
    chunks.push(bytes.slice(at, end));
    at = end;
  }
  return chunks;
}

function readCommands(chunks: readonly Uint8Array[]): (Command | BadRequest)[] {
  const decoder = new CommandDecoder({ admit: () => null });
  const found: (Command | BadRequest)[] = [];
  for (const chunk of chunks) {
    decoder.push(chunk);
    for (let next = decoder.next(); next !== null; next = decoder.next()) found.push(next);
  }
  return found;
}

/** The first whole reply, and null where bytes are left. */
function readReply(request: Command, chunks: readonly Uint8Array[]): (Reply | null)[] {
  const decoder = new ReplyDecoder();
  const found: (Reply | null)[] = [];
  for (const chunk of chunks) {
    decoder.push(chunk);
    while (found.length === 0) {
      const next = decoder.next(request);
      if (next === null) break;
      if (!isItem(next)) found.push(next);
    }
  }
  if (decoder.pending) found.push(null);
  return found;
}

/** As it comes back: text has become bytes. */
function asRead(command: Command): unknown {
  if (!('value' in command) || typeof command.value !== 'string') return command;
  return { ...command, value: utf8(command.value) };
}

properties('a command that is written and read is the same command, however it is cut', () => {
  fc.assert(
    fc.property(anyCommand, fc.nat(), (command, cutSeed) => {
      const chunks = cut(encodeCommand(command), new Random(cutSeed));
      const found = readCommands(chunks);
      return found.length === 1 && show(found[0]) === show(asRead(command));
    }),
    { seed, numRuns },
  );
});

properties('a reply that is written and read is the same reply, however it is cut', () => {
  fc.assert(
    fc.property(anyExchange, fc.nat(), ({ request, reply }, cutSeed) => {
      const chunks = cut(encodeReply(reply), new Random(cutSeed));
      return show(readReply(request, chunks)) === show([reply]);
    }),
    { seed, numRuns },
  );
});

properties('several commands in a row are read as several, each as it was', () => {
  fc.assert(
    fc.property(fc.array(anyCommand, { maxLength: 8 }), fc.nat(), (commands, cutSeed) => {
      const all = commands.map(encodeCommand);
      const joined = fromLatin1(all.map((bytes) => String.fromCharCode(...bytes)).join(''));
      const found = readCommands(cut(joined, new Random(cutSeed)));
      return show(found) === show(commands.map(asRead));
    }),
    { seed, numRuns: numRuns / 4 },
  );
});

properties('whatever stands in a command, it is one command on the wire or a UsageError', () => {
  const anything = fc.anything({
    withBigInt: true,
    withDate: true,
    withTypedArray: true,
    withNullPrototype: true,
    withSparseArray: true,
  });
  const nasty = fc.oneof(
    anything,
    fc.constantFrom('a b', 'a\r\nflush_all\r\n', '', '\0', 'é', NaN, -1, 1.5, 2 ** 53, -1n),
    fc.string({ unit: 'binary' }),
  );
  fc.assert(
    fc.property(anyCommand, fc.nat(), nasty, (command, index, junk) => {
      const names = Object.keys(command);
      const name = names[index % names.length] ?? 'verb';
      // The law is about what the type system would never let through.
      const spoiled = { ...command, [name]: junk } as unknown as Command;
      let bytes: Uint8Array;
      try {
        bytes = encodeCommand(spoiled);
      } catch (error) {
        return error instanceof UsageError;
      }
      const found = readCommands([bytes]);
      return found.length === 1 && !(found[0] instanceof BadRequest);
    }),
    { seed, numRuns: numRuns * 2 },
  );
});

/** A sample with a few of its bytes changed, doubled, cut out or moved. */
function mutate(sample: Uint8Array, random: Random, pool: readonly Uint8Array[]): Uint8Array {
  let bytes = [...sample];
  for (let i = random.below(4); i >= 0; i--) {
    const at = random.below(bytes.length + 1);
    switch (random.below(6)) {
      case 0:
        bytes[at] = random.below(256);
        break;
      case 1:
        bytes.splice(at, random.below(5));
        break;
      case 2:
        bytes.splice(at, 0, ...bytes.slice(at, at + random.below(20)));
        break;
      case 3:
        bytes.splice(at, 0, random.pick([0, 10, 13, 32, 45, 48, 57, 127, 255]));
        break;
      case 4:
        bytes.splice(at, 0, ...random.pick(pool).slice(0, 40));
        break;
      case 5:
        bytes = bytes.slice(0, at);
        break;
    }
  }
  return Uint8Array.from(bytes);
}

properties(
  'a server that is sent anything throws nothing, and reads it alike however it is cut',
  () => {
    const random = new Random(seed);
    const pool = commandVectors.map(({ bytes }) => fromLatin1(bytes));
    for (let i = 0; i < numRuns * 5; i++) {
      const bytes = mutate(random.pick(pool), random, pool);
      const whole = show(readCommands([bytes]));
      const pieces = show(readCommands(cut(bytes, random)));
      if (whole !== pieces) {
        throw new Error(
          `read as ${whole}\nand cut as ${pieces}\n${show(bytes)}`,
        );
      }
    }
  },
);

properties('a client that is sent anything throws ProtocolErrors only, and reads it alike', () => {
  const random = new Random(seed + 1);
  const pool = replyVectors.map(({ bytes }) => fromLatin1(bytes));
  const read = (request: Command, chunks: readonly Uint8Array[]): string => {
    try {
      return show(readReply(request, chunks));
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      return 'a protocol error';
    }
  };
  for (let i = 0; i < numRuns * 5; i++) {
    const { request, bytes: sample } = random.pick(replyVectors);
    const bytes = mutate(fromLatin1(sample), random, pool);
    const whole = read(request, [bytes]);
    const pieces = read(request, cut(bytes, random));
    if (whole !== pieces) {
      throw new Error(`read as ${whole}\nand cut as ${pieces}\n${show(bytes)}`);
    }
  }
});

properties.run();
