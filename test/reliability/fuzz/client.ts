// The law of the client's connection: whatever a server says, each command ends once, nothing is
// thrown, and the events are the same however the bytes are cut, on the fast path and on the long way.
import { ClientConnection } from '../../../core/wire/client-connection.ts';
import type { PlainSink } from '../../../core/wire/client-event.ts';
import type { Command } from '../../../core/wire/command.ts';
import { ConnectionError } from '../../../core/wire/errors.ts';
import { plainFlags } from '../../../core/wire/plain.ts';
import type { ValueItem } from '../../../core/wire/reply.ts';
import { bytes, text } from '../../../conformance/assert.ts';
import type { Random } from '../../../conformance/random.ts';
import { type ReplyVector, replyVectors } from '../../../conformance/vectors/replies.ts';
import { cut, soup } from '../../support/soup.ts';
import { sameAs, single, target } from './target.ts';

const base64 = false;
/** The client flags of texts. */
const TEXT = 16;
const plain: readonly (readonly [Command, ...replies: string[]])[] = [
  [
    { verb: 'mg', key: 'k', base64, flags: plainFlags('mg', ['v', 'f']) },
    ...['VA 3 f0 #\r\nabc\r\n', 'VA 0 f5 #\r\n\r\n', 'VA 2 # f07\r\n\r\n\r\n', 'EN #\r\n'],
  ],
  [
    { verb: 'mg', key: 'l', base64, flags: plainFlags('mg', ['N30', 'v', 'f', 'c', 't', 's']) },
    ...['VA 1 f0 c7 t-1 s1 #\r\nx\r\n', 'VA 0 f0 c1 t30 s0 # W\r\n\r\n', 'EN #\r\n'],
  ],
  [
    { verb: 'ms', key: 'k', base64, value: 'abc', flags: plainFlags('ms', ['F0', 'T30']) },
    ...['HD #\r\n', 'NS #\r\n', 'SERVER_ERROR out of memory\r\n'],
  ],
  [
    { verb: 'ms', key: 'k', base64, value: 'q', flags: plainFlags('ms', ['F0', 'q']) },
    ...['', '', 'NS #\r\n'],
  ],
  [{ verb: 'md', key: 'k', base64, flags: plainFlags('md', []) }, 'HD #\r\n', 'NF #\r\n'],
  [
    { verb: 'ma', key: 'k', base64, flags: plainFlags('ma', ['v', 'D5', 't']) },
    ...['VA 2 t30 #\r\n10\r\n', 'NF #\r\n'],
  ],
  [
    { verb: 'get', keys: ['a', 'b', 'c'] },
    ...[
      'VALUE a 0 1\r\n1\r\nVALUE c 5 2\r\n22\r\nEND\r\n',
      'END\r\n',
      'VALUE b 0 0\r\n\r\nEND\r\n',
    ],
  ],
];
const quiet = replyVectors.map((vector): ReplyVector => {
  const { request } = vector;
  return 'flags' in request && Array.isArray(request.flags)
    ? { ...vector, request: { ...request, flags: [...request.flags as string[], 'q'] } as Command }
    : vector;
});

/** Commands, and the bytes of a server. */
export const clientConnection = target('on the fast path', (random) => {
  const commands: Command[] = [];
  const isLong = random.chance(0.001);
  const answers = isLong ? longTexts(commands, random) : answersTo(commands, random);
  const data = random.chance(0.6) ? bytes(answers) : soup(random, [answers, 'MN\r\n']);
  const isProven = isLong || random.chance(0.8);
  return { commands, data, chunks: cut(random, data), isProven, isLong };
}, ({ commands, data, chunks, isProven, isLong }) => {
  const first = new Run(commands, isProven, false, isLong);
  const whole = first.events([data], false);
  const run = (how: string, isFast: boolean, pieces: Uint8Array[], isLent = false): number => {
    const other = new Run(commands, isProven, isFast, isLong);
    sameAs(other.events(pieces, isLent), whole, how);
    return other.taken;
  };
  if (!isLong) run('byte by byte it gives', false, single(data));
  run('cut it gives', false, chunks);
  return run('on the fast path it gives', true, [data]) +
    run('on the fast path, cut, in memory that is lent, it gives', true, chunks, true);
});

// Stamps the replies as the connection stamps its commands, so that most of them find their way.
function answersTo(commands: Command[], random: Random): string {
  const isPlain = random.chance(0.6);
  let stamp = 0;
  let answers = '';
  for (let left = 1 + random.below(5); left > 0; left--) {
    if (isPlain) {
      const [command, ...replies] = random.pick(plain);
      commands.push(command);
      const isMeta = command.verb !== 'get';
      answers += random.pick(replies).replace('#', () => `O${isMeta ? ++stamp : stamp}`);
      // A quiet run is fenced before what follows it; a get by its own fence.
      if (!isMeta || random.chance(0.1)) answers += 'MN\r\n';
    } else {
      const { request, bytes: reply } = random.pick(random.chance(0.3) ? quiet : replyVectors);
      commands.push(request);
      const isMeta = /^m[gsda]$/.test(request.verb);
      answers += isMeta ? reply.replace('\r\n', () => ` O${++stamp}\r\n`) : reply;
    }
  }
  return random.chance(0.5) ? answers : `${answers}MN\r\n`;
}

// Values that are read into memory that is used again, between others.
function longTexts(commands: Command[], random: Random): string {
  let answers = '';
  for (let stamp = 1 + random.below(3); stamp > 0; stamp--) {
    commands.push(plain[0]![0]);
    const length = random.pick([3, 65_535, 65_536, 70_000]);
    const letter = random.pick(['a', 'b']);
    const flags = random.pick([0, TEXT, TEXT]);
    answers += `VA ${length} f${flags} O${commands.length}\r\n${letter.repeat(length)}\r\n`;
  }
  return answers;
}

/** One connection, with these commands in flight. */
class Run {
  /** How many commands or replies took the fast path. */
  taken = 0;
  readonly #connection: ClientConnection<number>;
  readonly #commands: readonly Command[];
  readonly #found: unknown[] = [];
  readonly #ended = new Set<number>();
  readonly #items = new Map<number, string[]>();
  readonly #sink: PlainSink<number> | undefined;

  constructor(commands: readonly Command[], isProven: boolean, isFast: boolean, isLong: boolean) {
    this.#commands = commands;
    this.#sink = isFast ? this.#makeSink() : undefined;
    const connection = this.#connection = new ClientConnection<number>({
      fenceEvery: 3,
      maxLine: 1000,
      maxValue: isLong ? 100_000 : 5000,
      textFlags: TEXT,
      maxLines: 5000,
      dialect: isProven ? 'meta' : 'auto',
    });
    if (isProven) {
      connection.prove();
      this.#drain();
      connection.receive(bytes('EN kmemwire-probe O0\r\n'), 0);
      connection.next();
    }
    commands.forEach((command, tag) => {
      if (isFast && connection.sendPlain(command, tag, Infinity) > 0) this.taken++;
      else connection.send(command, tag);
    });
    this.#drain();
  }

  /** All events until the end, once the server has said this. */
  events(chunks: readonly Uint8Array[], isLent: boolean): unknown[] {
    const connection = this.#connection;
    for (const chunk of chunks) {
      const memory = isLent ? chunk.slice() : chunk;
      connection.receive(memory, 0, isLent);
      this.#take();
      if (!isLent) continue;
      connection.keep();
      memory.fill(0x58);
    }
    connection.assertInvariants();
    connection.receiveEnd();
    this.#take();
    connection.assertInvariants();
    if (this.#ended.size !== this.#commands.length) throw new Error('a command did not end');
    this.#assertDead();
    return this.#found;
  }

  #drain(): void {
    const connection = this.#connection;
    for (let data = connection.transmit(0); data !== null; data = connection.transmit(0)) {
      connection.sent(data.length);
    }
  }

  #take(): void {
    const connection = this.#connection;
    for (;;) {
      const event = connection.next(this.#sink);
      if (event === null) return;
      if (event.type === 'closed') [...event.unsent, ...event.unanswered].forEach(this.#end);
      else if (event.type === 'reply' || event.type === 'timeout' || event.type === 'refused') {
        this.#end(event.tag);
      }
      if (event.type === 'reply' && event.reply.type === 'values') {
        const items = [...this.#items.get(event.tag) ?? [], ...event.reply.items.map(toText)];
        this.#found.push({ ...event, reply: items.sort() });
      } else this.#found.push(event);
    }
  }

  readonly #end = (tag: number): void => {
    if (this.#ended.has(tag)) throw new Error('a command ended twice');
    this.#ended.add(tag);
  };

  #makeSink(): PlainSink<number> {
    return {
      takesItems: () => true,
      onPlain: (tag, plainReply, bytesOut) => {
        this.taken++;
        this.#end(tag);
        const made = plainReply.toReply();
        const reply = made.type === 'VA' ? { ...made, value: made.value.slice() } : made;
        this.#found.push({ type: 'reply', tag, reply, bytesOut, bytesIn: plainReply.size });
      },
      onPlainItem: (tag, { flags, bytes: chunk, from, to }, index) => {
        this.taken++;
        const command = this.#commands[tag];
        const key = command !== undefined && 'keys' in command ? command.keys[index] ?? '' : '';
        const items = this.#items.get(tag) ?? [];
        items.push(toText({ key, flags, value: chunk.subarray(from, to) }));
        this.#items.set(tag, items);
      },
    };
  }

  #assertDead(): void {
    const connection = this.#connection;
    connection.receive(bytes('HD O1\r\nEND\r\nMN\r\n'), 0);
    if (connection.next(this.#sink) !== null || connection.transmit(0) !== null) {
      throw new Error('it was closed, and went on');
    }
    if (connection.pending + connection.pendingBytes > 0) throw new Error('it holds commands');
    try {
      connection.send({ verb: 'mn' }, -1);
    } catch (error) {
      if (error instanceof ConnectionError) return;
      throw error;
    }
    throw new Error('it was closed, and took a command');
  }
}

function toText({ key, flags, value }: Pick<ValueItem, 'key' | 'flags' | 'value'>): string {
  return `${typeof key === 'string' ? key : text(key)} ${flags} ${text(value)}`;
}
