/** How many keys `many` asks for. */
export const MANY = 100;

/** Requests that are sent over and over, and the replies that a server must give to them. */
export interface Script {
  readonly count: number;
  readonly requests: Uint8Array;
  /** Where the first i requests end, for i from 0. */
  readonly requestEnds: Int32Array;
  readonly replies: Uint8Array;
  readonly replyEnds: Int32Array;
}

/**
 * What a script does, in classic commands or in meta ones: a mix is nine gets and one set, `many`
 * asks for the first 100 keys at once.
 */
export type ScriptName = 'get' | 'set' | 'mix' | 'many' | 'mg' | 'ms' | 'meta mix' | 'meta many';

/** What is stored: this many keys, each with a value of this length. */
export interface Items {
  readonly keys: number;
  readonly valueLength: number;
  /** The number of the first of the keys; 0 by default. */
  readonly first?: number;
}

/** Sets every key once, or those of some items. */
export function fillScript(items: Items, from = 0, to: number = items.keys): Script {
  return build(to - from, (i) => message('set', items, from + i));
}

/**
 * `count` commands on keys drawn at random, from the same seed each time, so that all servers get
 * the same bytes. The keys must have been filled in: the replies count on it.
 */
export function loadScript(name: ScriptName, items: Items, count: number): Script {
  const random = generator(1);
  return build(count, (i) => {
    return message(verbs(name)[i % 10 === 0 ? 0 : 1], items, Math.floor(random() * items.keys));
  });
}

/** The name of an item; all are of one length. */
export function itemKey(index: number): string {
  return `key:${String(index).padStart(8, '0')}`;
}

/** Numbers from 0 to 1 that are the same in each run (mulberry32). */
export function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

type Message = readonly [request: string, reply: string];
type Verb = Exclude<ScriptName, 'mix' | 'meta mix'>;

// What each tenth command is, and what the others are.
function verbs(name: ScriptName): readonly [Verb, Verb] {
  switch (name) {
    case 'mix':
      return ['set', 'get'];
    case 'meta mix':
      return ['ms', 'mg'];
    default:
      return [name, name];
  }
}

// Keys of one length and one value for all: so every reply of a kind has the same length.
function message(verb: Verb, { valueLength, first = 0 }: Items, index: number): Message {
  const key = itemKey(first + index);
  const many = (): string[] => Array.from({ length: MANY }, (_, i) => itemKey(first + i));
  const value = 'x'.repeat(valueLength);
  switch (verb) {
    case 'get':
      return [`get ${key}\r\n`, `VALUE ${key} 0 ${valueLength}\r\n${value}\r\nEND\r\n`];
    case 'set':
      return [`set ${key} 0 0 ${valueLength}\r\n${value}\r\n`, 'STORED\r\n'];
    case 'mg':
      return [`mg ${key} v f\r\n`, `VA ${valueLength} f0\r\n${value}\r\n`];
    case 'ms':
      return [`ms ${key} ${valueLength}\r\n${value}\r\n`, 'HD\r\n'];
    case 'many': {
      const keys = many();
      const replies = keys.map((one) => `VALUE ${one} 0 ${valueLength}\r\n${value}\r\n`);
      return [`get ${keys.join(' ')}\r\n`, `${replies.join('')}END\r\n`];
    }
    case 'meta many': {
      const keys = many();
      const requests = keys.map((one) => `mg ${one} v f k q\r\n`);
      const replies = keys.map((one) => `VA ${valueLength} f0 k${one}\r\n${value}\r\n`);
      return [`${requests.join('')}mn\r\n`, `${replies.join('')}MN\r\n`];
    }
  }
}

function build(count: number, at: (index: number) => Message): Script {
  const requests = new Growing(count);
  const replies = new Growing(count);
  for (let i = 0; i < count; i++) {
    const [request, reply] = at(i);
    requests.add(request);
    replies.add(reply);
  }
  return {
    count,
    requests: requests.bytes,
    requestEnds: requests.ends,
    replies: replies.bytes,
    replyEnds: replies.ends,
  };
}

class Growing {
  readonly ends: Int32Array;
  #buffer: Buffer = Buffer.alloc(64 * 1024);
  #count = 0;
  #length = 0;

  constructor(count: number) {
    this.ends = new Int32Array(count + 1);
  }

  get bytes(): Uint8Array {
    return this.#buffer.subarray(0, this.#length);
  }

  add(text: string): void {
    if (this.#length + text.length > this.#buffer.length) {
      this.#buffer = Buffer.concat([this.#buffer], this.#buffer.length * 2 + text.length);
    }
    this.#length += this.#buffer.write(text, this.#length, 'latin1');
    this.ends[++this.#count] = this.#length;
  }
}
