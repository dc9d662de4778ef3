import {
  type Command,
  CommandDecoder,
  encodeCommand,
  encodeReply,
  ReplyDecoder,
} from 'memwire/core';

type PlainRequestModule = typeof import('../core/wire/plain-request.ts');

// `memwire/core` is this package by its own name. It leads to `dist`, so what is measured is what
// users get: compiled by tsc, untouched by the loader that runs the bench itself, which wraps
// every function to keep its name and makes it half as slow again.

const built = new URL('../dist/modules/core/wire/plain-request.js', import.meta.url).href;
const { PlainRequest } = (await import(built)) as PlainRequestModule;

/** Bytes for a parser, and the parser. */
export interface ParserInput {
  readonly name: string;
  /** How many replies or requests they are. */
  readonly count: number;
  readonly bytes: Uint8Array;
  /** A fresh parser. */
  open(): Reading;
}

/** A parser that is given its input. */
export interface Reading {
  /** Takes a chunk and reads all that is complete. */
  read(chunk: Uint8Array): void;
  /** How many replies or requests were read so far. */
  readonly count: number;
}

/** The bytes of a value in the small workloads. */
export const SMALL_VALUE = 100;

const KEYS = 1000;

/** About `size` bytes of each kind of small message, back to back. */
export function smallInputs(size: number): ParserInput[] {
  const keys = Array.from({ length: KEYS }, (_, i) => `key:${String(i).padStart(6, '0')}`);
  const value = new Uint8Array(SMALL_VALUE).fill(0x78);
  const repeat = (messages: readonly Uint8Array[]): { bytes: Uint8Array; count: number } => {
    const lap = Buffer.concat(messages);
    const laps = Math.max(1, Math.round(size / lap.length));
    const bytes = new Uint8Array(lap.length * laps);
    for (let i = 0; i < laps; i++) bytes.set(lap, i * lap.length);
    return { bytes, count: laps * messages.length };
  };
  const gets = keys.map((key): Command => ({ verb: 'get', keys: [key] }));
  const metaGets = keys.map((key): Command => metaGet(key));
  // The opaque is what the client puts on every meta command.
  const found = repeat(
    keys.map((_, i) => encodeReply({ type: 'VA', flags: ['f0', `O${i}`], value })),
  );
  const stored = repeat(
    keys.map((key, i) =>
      encodeCommand({ verb: 'ms', key, base64: false, value, flags: [`O${i}`] })
    ),
  );
  return [
    {
      name: 'VALUE',
      ...repeat(
        keys.map((key) =>
          encodeReply({ type: 'values', items: [{ key, flags: 0, value, cas: undefined }] })
        ),
      ),
      open: () => new Replies(gets),
    },
    { name: 'VA', ...found, open: () => new Replies(metaGets) },
    { name: 'VA, plain, views', ...found, open: () => new PlainReplies(metaGets, true) },
    { name: 'VA, plain, positions', ...found, open: () => new PlainReplies(metaGets, false) },
    {
      name: 'set',
      ...repeat(keys.map((key) => encodeCommand(set(key, value)))),
      open: () => new Requests(),
    },
    { name: 'ms', ...stored, open: () => new Requests() },
    { name: 'ms, plain, views', ...stored, open: () => new PlainRequests(true) },
    { name: 'ms, plain, positions', ...stored, open: () => new PlainRequests(false) },
  ];
}

/** One large value as a reply and as a request. */
export function largeInputs(size: number): ParserInput[] {
  const value = new Uint8Array(size).fill(0x78);
  const key = 'key';
  return [
    {
      name: 'VALUE',
      count: 1,
      bytes: encodeReply({ type: 'values', items: [{ key, flags: 0, value, cas: undefined }] }),
      open: () => new Replies([{ verb: 'get', keys: [key] }]),
    },
    {
      name: 'VA',
      count: 1,
      bytes: encodeReply({ type: 'VA', flags: ['f0', 'O1'], value }),
      open: () => new Replies([metaGet(key)]),
    },
    {
      name: 'set',
      count: 1,
      bytes: encodeCommand(set(key, value)),
      open: () => new Requests(),
    },
  ];
}

class Replies implements Reading {
  count = 0;
  readonly #decoder: ReplyDecoder = new ReplyDecoder();
  readonly #commands: readonly Command[];

  constructor(commands: readonly Command[]) {
    this.#commands = commands;
  }

  read(chunk: Uint8Array): void {
    this.#decoder.push(chunk);
    const commands = this.#commands;
    while (this.#decoder.next(commands[this.count % commands.length]!) !== null) this.count++;
  }
}

class Requests implements Reading {
  count = 0;
  // The default refuses what memcached refuses: values of more than 1 MB.
  readonly #decoder: CommandDecoder = new CommandDecoder({ admit: () => null });

  read(chunk: Uint8Array): void {
    this.#decoder.push(chunk);
    while (this.#decoder.next() !== null) this.count++;
  }
}

/** As the client reads them: plain replies first, and what is not plain as any other. */
class PlainReplies implements Reading {
  count = 0;
  /** Keeps a compiler from dropping the view. */
  value: Uint8Array | null = null;
  readonly #decoder: ReplyDecoder = new ReplyDecoder();
  readonly #commands: readonly Command[];
  readonly #views: boolean;

  constructor(commands: readonly Command[], views: boolean) {
    this.#commands = commands;
    this.#views = views;
  }

  read(chunk: Uint8Array): void {
    const decoder = this.#decoder;
    const { length } = this.#commands;
    decoder.push(chunk);
    do {
      while (decoder.readPlain(this.count % length, 'item')) {
        this.count++;
        const { bytes, from, to } = decoder.plain;
        if (this.#views) this.value = bytes.subarray(from, to);
      }
    } while (decoder.next(this.#commands[this.count % length]!) !== null && ++this.count > 0);
  }
}

/** As the embedded server reads them, likewise. */
class PlainRequests implements Reading {
  count = 0;
  value: Uint8Array | null = null;
  readonly #decoder: CommandDecoder = new CommandDecoder();
  readonly #request = new PlainRequest();
  readonly #views: boolean;

  constructor(views: boolean) {
    this.#views = views;
  }

  read(chunk: Uint8Array): void {
    const decoder = this.#decoder;
    decoder.push(chunk);
    do this.#readPlain(); while (decoder.next() !== null && ++this.count > 0);
  }

  #readPlain(): void {
    const input = this.#decoder.unread;
    if (input === null) return;
    const request = this.#request;
    const { chunk } = input;
    while (request.read(chunk, input.position, chunk.length)) {
      input.position = request.end;
      this.count++;
      if (this.#views) this.value = chunk.subarray(request.valueFrom, request.valueTo);
    }
  }
}

function metaGet(key: string): Command {
  return { verb: 'mg', key, base64: false, flags: ['v', 'f'] };
}

function set(key: string, value: Uint8Array): Command {
  return { verb: 'set', key, flags: 0, expire: 0, value, noreply: false };
}
