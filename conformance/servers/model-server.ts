// A server that plays a model.
import { type Clock, VirtualClock } from '../../core/io/clock.ts';
import { memoryDialer } from '../../core/io/memory-pipe.ts';
import { Server } from '../../core/server/serve.ts';
import type { Accept, Dialer, Transport, TransportEvents } from '../../core/io/transport.ts';
import { Input } from '../../core/wire/input.ts';
import { bytes, text } from '../assert.ts';
import type { ModelAnswer, ServerModel } from './model.ts';

/** The longest value, in bytes, and the longest key. */
const MAX_VALUE = 1024 * 1024 - 512;
const MAX_KEY = 250;
/** A line that reaches this length without an end closes the connection, unless it is a `get`. */
const MAX_LINE = 2048;
/** A value announced with this length closes the connection. */
const MAX_LENGTH = 256 * 1024 * 1024;

const storage = ['set', 'add', 'replace', 'append', 'prepend', 'cas', 'ms'];

/**
 * Plays an older server or a proxy, described by a `ServerModel`: the commands it knows, and its
 * reaction to other lines. An embedded memcached executes the known commands, so items are really
 * stored. It reads bytes as the real servers do: after a refused line, the following bytes are the
 * next command, even if they were meant as a value, unless the model says otherwise.
 *
 * Use it in memory (`dial`), or give `accept` to a listener.
 */
export class ModelServer {
  /** The model from the next connection on: a server may be replaced behind its address. */
  model: ServerModel;
  /** Bytes that it sends unasked on a new connection; none by default. */
  greeting = '';
  /** Every line that it read as a command, on all connections: no value may be among them. */
  readonly commands: string[] = [];
  /** How many connections there were. */
  connections = 0;
  /** The time of the server. */
  readonly clock: Clock;
  /** Connects to it, whatever the endpoint. */
  readonly dial: Dialer;
  readonly #server: Server;
  readonly #open: Set<ModelConnection> = new Set();

  /**
   * Makes a server that plays a model.
   *
   * @param clock The clock of its items; by default it stands still until it is advanced.
   */
  constructor(model: ServerModel, clock: Clock = new VirtualClock()) {
    this.model = model;
    this.clock = clock;
    this.#server = new Server({ requestsPerEvent: Infinity }, clock);
    this.dial = memoryDialer(this);
  }

  /** Serves a connection, for a listener of the runtime. */
  readonly accept: Accept = (transport, address) => {
    this.connections++;
    const connection = new ModelConnection(this, transport, (inner) => {
      return this.#server.accept(inner, address);
    }, () => this.#open.delete(connection));
    this.#open.add(connection);
    return connection;
  };

  /** Closes all connections after the pending replies. */
  disconnect(): void {
    for (const connection of this.#open) connection.close();
  }
}

/** One connection, between the bytes of a client and the embedded server. */
class ModelConnection implements TransportEvents {
  readonly #owner: ModelServer;
  readonly #model: ServerModel;
  readonly #transport: Transport;
  readonly #inner: TransportEvents;
  readonly #onGone: () => void;
  readonly #input: Input = new Input();
  // Whether the embedded server executes a request, and its reply.
  #asking = false;
  #said = '';
  // Output: the replies to this piece of input, and earlier ones.
  #replies: string;
  #unsent: Uint8Array = new Uint8Array(0);
  // The length of the expected value, and the callback for it.
  #due: { readonly length: number; readonly take: (value: string, whole: boolean) => void } | null =
    null;
  #closing = false;
  #closed = false;

  constructor(
    owner: ModelServer,
    transport: Transport,
    serve: (inner: Transport) => TransportEvents,
    onGone: () => void,
  ) {
    this.#owner = owner;
    this.#model = owner.model;
    this.#replies = owner.greeting;
    this.#transport = transport;
    this.#onGone = onGone;
    this.#inner = serve({
      send: (reply) => {
        this.#said += text(reply);
        // The lines of a watch come without a request.
        if (!this.#asking) this.#pass();
        return reply.length;
      },
      pause() {},
      resume() {},
      close: () => this.close(),
      abort: () => this.close(),
    });
  }

  onData(chunk: Uint8Array): void {
    if (this.#closing) return;
    this.#input.push(chunk);
    while (!this.#closing && this.#step());
    this.#flush();
  }

  onDrain(): void {
    this.#flush();
  }

  onEnd(): void {
    this.close();
  }

  onClosed(cause: Error | null): void {
    this.#closed = this.#closing = true;
    this.#inner.onClosed(cause);
    this.#onGone();
  }

  /** Closes after the replies. */
  close(): void {
    this.#closing = true;
    if (!this.#asking) this.#flush();
  }

  // Reads a line or a value; false when it is incomplete.
  #step(): boolean {
    const input = this.#input;
    if (this.#due !== null) {
      const { length, take } = this.#due;
      const value = input.data(length);
      if (value === null) return false;
      this.#due = null;
      take(text(value), input.terminated);
      return true;
    }
    const whole = input.line();
    const line = text(input.bytes.subarray(input.from, input.to));
    if (whole) this.#read(line);
    else if (line.length > MAX_LINE && !/^ *gets? /.test(line)) this.#answer(['', 'close']);
    return whole;
  }

  #read(line: string): void {
    const { verbs, answers = [], unknown } = this.#model;
    this.#owner.commands.push(line);
    const words = line.split(' ').filter((word) => word !== '');
    const [verb = ''] = words;
    const answer = answers.find(([pattern]) => pattern.test(line))?.[1] ?? null;
    if (storage.includes(verb) && verbs.includes(verb)) this.#readStorage(line, words, answer);
    else if (answer !== null) this.#answer(answer);
    else if (!verbs.includes(verb)) this.#answer(unknown);
    else if (verb === 'version') this.#answer([`VERSION ${this.#model.version}\r\n`]);
    else if (/^gets? /.test(line) && words.length > 2) this.#gather(verb, words.slice(1));
    else this.#answer([this.#ask(line)]);
  }

  #readStorage(line: string, words: readonly string[], answer: ModelAnswer | null): void {
    const model = this.#model;
    const malformed = model.malformed ?? ['CLIENT_ERROR bad command line format\r\n'];
    const verb = words[0] ?? '';
    const quiet = words.at(-1) === 'noreply';
    const count = verb === 'cas' ? 6 : 5;
    if (verb !== 'ms' && words.length !== count && !(quiet && words.length === count + 1)) {
      return this.#answer(model.unknown);
    }
    if (verb === 'ms' && model.meta?.lengthFlag === true) {
      return this.#readOldMetaSet(words, answer ?? malformed, answer);
    }
    const announced = words[verb === 'ms' ? 2 : 4] ?? '';
    if (!/^\d{1,10}$/.test(announced)) return this.#answer(answer ?? malformed);
    const length = Number(announced);
    if (length > MAX_LENGTH) return this.#answer(['', 'close']);
    const numbers = verb === 'ms' ? [] : words.slice(2, 4);
    const good = (words[1] ?? '').length <= MAX_KEY &&
      numbers.every((number) => /^-?\d+$/.test(number));
    if (!good) {
      if (model.malformedData !== 'is skipped') return this.#answer(answer ?? malformed);
      return this.#store(line, length, answer ?? malformed);
    }
    const tooLarge = length > MAX_VALUE;
    // No reply, and the value is read as lines.
    if (tooLarge && quiet && model.tooLargeQuietData === 'is run') return;
    const silenced = quiet && answer !== null && answer[1] === undefined;
    this.#store(line, length, silenced ? [''] : answer);
  }

  // `ms KEY S5 F1`, executed as `ms KEY 5 F1`.
  #readOldMetaSet(
    words: readonly string[],
    malformed: ModelAnswer,
    answer: ModelAnswer | null,
  ): void {
    const [, key = '', ...flags] = words;
    if (flags.length === 0 || key.length > MAX_KEY) return this.#answer(malformed);
    const size = flags.findIndex((flag) => /^S\d+$/.test(flag));
    if (size < 0 || flags.some((flag) => !/^[A-Za-z]/.test(flag))) {
      return this.#answer(['CLIENT_ERROR invalid flag\r\n']);
    }
    const length = flags.splice(size, 1)[0]?.slice(1) ?? '';
    this.#store(['ms', key, length, ...flags].join(' '), Number(length), answer);
  }

  // Waits for a value and stores it, or answers otherwise.
  #store(line: string, length: number, answer: ModelAnswer | null): void {
    if (answer?.[1] !== undefined) return this.#answer(answer);
    const take = (value: string, whole: boolean): void => {
      if (answer !== null) this.#answer(answer);
      else if (whole) this.#answer([this.#ask(`${line}\r\n${value}`)]);
      else this.#answer(['CLIENT_ERROR bad data chunk\r\n']);
    };
    this.#due = { length, take };
  }

  #answer([reply, then]: ModelAnswer): void {
    if (then === 'drop') this.#replies = '';
    this.#replies += reply;
    if (then !== undefined) this.#closing = true;
  }

  // Executes a request, and returns the reply.
  #ask(request: string): string {
    this.#asking = true;
    this.#inner.onData(bytes(`${request}\r\n`));
    this.#asking = false;
    const said = this.#said;
    this.#said = '';
    return /^m[gsda] /.test(request) ? this.#asOnce(request.slice(0, 2), said) : said;
  }

  // Turns a current meta reply into the model's.
  #asOnce(verb: string, reply: string): string {
    const { done = 'HD', bareMiss = false, spaced = [] } = this.#model.meta ?? {};
    if (bareMiss && reply.startsWith('EN')) return 'EN\r\n';
    const said = reply.replace(/^HD/, done);
    return spaced.includes(`${verb} ${said.slice(0, 2)}`) ? said.replace(/^../, '$& ') : said;
  }

  // Requests its keys from each server, and takes the values key by key.
  #gather(verb: string, keys: readonly string[]): void {
    const { shards = 1 } = this.#model;
    if (shards === 1) return this.#answer([this.#ask([verb, ...keys].join(' '))]);
    const shardOf = (key: string): number => {
      let hash = 5381;
      for (let i = 0; i < key.length; i++) hash = (hash * 33 + key.charCodeAt(i)) >>> 0;
      return hash % shards;
    };
    const found = Array.from({ length: shards }, (_, shard) => {
      const own = keys.filter((key) => shardOf(key) === shard);
      return own.length === 0 ? [] : valuesOf(this.#ask([verb, ...own].join(' ')));
    });
    const merged = keys.map((key) => found[shardOf(key)]?.shift() ?? '');
    this.#answer([`${merged.join('')}END\r\n`]);
  }

  #pass(): void {
    this.#replies += this.#said;
    this.#said = '';
    this.#flush();
  }

  #flush(): void {
    if (this.#closed) return;
    if (this.#replies !== '') {
      const rest = this.#unsent;
      const more = bytes(this.#replies);
      this.#replies = '';
      this.#unsent = new Uint8Array(rest.length + more.length);
      this.#unsent.set(rest);
      this.#unsent.set(more, rest.length);
    }
    if (this.#unsent.length > 0) {
      this.#unsent = this.#unsent.subarray(this.#transport.send(this.#unsent));
    }
    if (this.#unsent.length > 0 || !this.#closing) return;
    this.#closed = true;
    this.#transport.close();
  }
}

/** The items of a reply to a `get`, each with its line and its value. */
function valuesOf(reply: string): string[] {
  const values: string[] = [];
  let from = 0;
  for (;;) {
    const header = /^VALUE \S+ \d+ (\d+)[^\r]*\r\n/.exec(reply.slice(from, from + 400));
    if (header === null) return values;
    const to = from + header[0].length + Number(header[1]) + 2;
    values.push(reply.slice(from, to));
    from = to;
  }
}
