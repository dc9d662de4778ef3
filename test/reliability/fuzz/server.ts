// The law of the server's connection: whatever a peer says, nothing is thrown, each request has one
// answer, and commands and answers are the same however the bytes are cut, on the fast path and on
// the long way, whenever the answers are given.
import type { Command } from '../../../core/wire/command.ts';
import { ConnectionMemory } from '../../../core/wire/connection-memory.ts';
import { putAscii } from '../../../core/wire/output.ts';
import {
  clientError,
  CLOSED,
  EN,
  ERROR,
  HD,
  MISSES,
  MN,
  NF,
  NOT_FOUND,
  type Reply,
  serverError,
  STORED,
  TOUCHED,
} from '../../../core/wire/reply.ts';
import { type PlainExecutor, ServerConnection } from '../../../core/wire/server-connection.ts';
import { bytes, text } from '../../../conformance/assert.ts';
import { plainSequence } from '../../../conformance/random-requests.ts';
import { cut, requestLines, soup } from '../../support/soup.ts';
import { sameAs, single, target } from './target.ts';

interface ServerInput {
  readonly data: Uint8Array;
  readonly chunks: readonly Uint8Array[];
  readonly auth: boolean;
  readonly strict: boolean;
}

/** The bytes of a peer. */
export const serverConnection = target<ServerInput>('on the fast path', (random) => {
  const isPlain = random.chance(0.6);
  const data = soup(random, isPlain ? [plainSequence(random, 3)] : requestLines);
  return {
    data,
    chunks: cut(random, data),
    auth: random.chance(0.1),
    strict: random.chance(0.2),
  };
}, (input) => {
  const { data, chunks } = input;
  const whole = new Run(input, 'at once').say([data]);
  const isSame = (
    run: Run,
    pieces: readonly Uint8Array[],
    how: string,
    isLent = false,
  ): number => {
    const found = run.say(pieces, isLent);
    if (!run.isFast) sameAs(found.commands, whole.commands, how);
    // Before a login, the requests that arrive together have one answer.
    if (!input.auth) sameAs([found.said, found.reason], [whole.said, whole.reason], how);
    return run.taken;
  };
  isSame(new Run(input, 'at once'), single(data), 'byte by byte it gives');
  isSame(new Run(input, 'at once'), chunks, 'out of lent memory it gives', true);
  isSame(new Run(input, 'late'), chunks, 'cut, with late answers, it gives');
  return isSame(new Run(input, 'fast'), [data], 'on the fast path it gives') +
    isSame(new Run(input, 'fast'), chunks, 'on the fast path, cut, it gives');
});

/** One connection to a server without items. */
class Run {
  /** How many requests took the fast path. */
  taken = 0;
  readonly isFast: boolean;
  readonly #isLate: boolean;
  readonly #connection: ServerConnection;
  readonly #executor: PlainExecutor;
  readonly #commands: unknown[] = [];
  #said = '';
  #reason: string | null | undefined = undefined;

  constructor({ auth, strict }: ServerInput, answers: 'at once' | 'late' | 'fast') {
    this.isFast = answers === 'fast';
    this.#isLate = answers === 'late';
    const memory = new ConnectionMemory();
    this.#executor = plainExecutor(memory);
    this.#connection = new ServerConnection({
      auth,
      strict,
      maxGetLine: 1200,
      maxOwed: 3,
      maxOutput: 100,
      admit: (_, length) => length > 1000 ? serverError('too large') : null,
    }, memory);
  }

  /**
   * All that came of these bytes, and of the end of the peer.
   *
   * @param isLent They lie in memory that is written to again.
   */
  say(
    chunks: readonly Uint8Array[],
    isLent = false,
  ): { commands: unknown[]; said: string; reason: unknown } {
    const connection = this.#connection;
    const memory = new Uint8Array(isLent ? Math.max(0, ...chunks.map(({ length }) => length)) : 0);
    for (const chunk of chunks) {
      if (isLent) memory.set(chunk);
      connection.receive(isLent ? memory.subarray(0, chunk.length) : chunk, isLent);
      this.#run();
      if (isLent) connection.keep();
      memory.fill(0x58);
    }
    connection.assertInvariants();
    connection.receiveEnd();
    this.#run();
    connection.assertInvariants();
    if (this.#reason === undefined) throw new Error('it did not close');
    const { length } = this.#said;
    connection.receive(bytes('get k\r\nmn\r\n'));
    this.#run();
    if (this.#said.length > length) throw new Error('it was closed, and went on');
    return { commands: this.#commands, said: this.#said, reason: this.#reason };
  }

  #run(): void {
    const connection = this.#connection;
    const late: (readonly [number, Command])[] = [];
    for (let isMore = true; isMore;) {
      isMore = false;
      if (this.isFast) this.taken += connection.executePlain(this.#executor, 2);
      for (let event = connection.next(); event !== null; event = connection.next()) {
        isMore = true;
        if (event.type === 'closed') {
          if (this.#reason !== undefined) throw new Error('it closed twice');
          this.#reason = event.reason;
          break;
        }
        this.#commands.push(event.command);
        if (this.#isLate) late.push([event.id, event.command]);
        else connection.reply(event.id, answer(event.command));
        if (this.isFast) this.taken += connection.executePlain(this.#executor, 2);
      }
      // The last one first.
      for (const [id, command] of late.splice(0).reverse()) connection.reply(id, answer(command));
      for (let data = connection.transmit(); data !== null; data = connection.transmit()) {
        isMore = true;
        this.#said += text(data);
        connection.sent(data.length);
      }
    }
  }
}

/** The answers of a server that has no items and stores none. */
function answer(command: Command): Reply {
  switch (command.verb) {
    case 'get':
    case 'gets':
    case 'gat':
    case 'gats':
      return MISSES;
    case 'mg':
      return { ...EN, flags: opaqueOf(command.flags) };
    case 'ms':
      return { ...HD, flags: opaqueOf(command.flags) };
    case 'md':
    case 'ma':
      return { ...NF, flags: opaqueOf(command.flags) };
    case 'set':
    case 'add':
      return STORED;
    case 'auth':
      return command.password.length % 2 === 0 ? STORED : clientError('authentication failure');
    case 'delete':
    case 'incr':
    case 'decr':
      return NOT_FOUND;
    case 'touch':
      return TOUCHED;
    case 'mn':
      return MN;
    case 'quit':
      return CLOSED;
    default:
      return ERROR;
  }
}

function opaqueOf(flags: readonly string[]): string[] {
  return flags.filter((flag) => flag.startsWith('O'));
}

/** The same answers without commands, but to keys of an even length. */
function plainExecutor({ plain }: ConnectionMemory): PlainExecutor {
  return {
    request: plain,
    execute(output) {
      const { verb, keyFrom, keyTo, opaqueFrom, opaqueTo, noreply } = plain;
      if ((keyTo - keyFrom) % 2 === 0) return false;
      const opaque = opaqueTo === 0 ? '' : ` ${text(plain.bytes.slice(opaqueFrom, opaqueTo))}`;
      const said = verb === 'get'
        ? 'END\r\n'
        : verb === 'set'
        ? noreply ? '' : 'STORED\r\n'
        : `${verb === 'mg' ? 'EN' : 'HD'}${opaque}\r\n`;
      output.reserve(said.length);
      output.end = putAscii(output.slab, output.end, said);
      return true;
    },
  };
}
