import { Driver } from '../driver.ts';
import { fillScript, itemKey, loadScript, MANY, type ScriptName } from '../script.ts';
import { type Adapter, canDo, type Value } from './adapter.ts';
import { openClient } from './adapters.ts';
import type { Load, ValueType } from './loads.ts';

/** What is to be connected. */
export interface Opening {
  /** The client, or the socket. */
  readonly name: string;
  /** Of the servers, on the loopback. */
  readonly ports: readonly number[];
  /** The build of memwire: a `dist` folder. */
  readonly dist: string;
  /**
   * The number of the first of its keys. Others on the same server have other keys: the flags of a
   * value say what it is, and not all clients write the same.
   */
  readonly firstKey: number;
}

/** Puts loads on a server through a client, or through a bare socket. */
export interface Runner {
  /** Whether the client has the call, and takes values of that length. */
  can(load: Load): boolean;
  /** Stores the items of a load, and sees that they come back. */
  prepare(load: Load): Promise<Run>;
  close(): unknown;
}

/** Keeps a load up until the time is over, in seconds; how many operations were done. */
export type Run = (seconds: number) => Promise<number>;

/** The ceilings: sockets that send bytes made beforehand and count those that come back. */
export const sockets: readonly string[] = ['raw text', 'raw meta'];

/** Connects a client to its servers, or a socket to the first of them. */
export async function openRunner({ name, ports, dist, firstKey }: Opening): Promise<Runner> {
  return sockets.includes(name)
    ? new SocketRunner(
      await Driver.open(ports[0]!),
      name === 'raw meta' ? metaScripts : textScripts,
      firstKey,
    )
    : new ClientRunner(await openClient(name, ports, dist), firstKey);
}

class ClientRunner implements Runner {
  readonly #client: Adapter;
  readonly #firstKey: number;

  constructor(client: Adapter, firstKey: number) {
    this.#client = client;
    this.#firstKey = firstKey;
  }

  can(load: Load): boolean {
    return canDo(this.#client, load);
  }

  async prepare(load: Load): Promise<Run> {
    const { items, inFlight, type } = load;
    const keys = Array.from({ length: items.keys }, (_, i) => itemKey(this.#firstKey + i));
    const text = 'x'.repeat(items.valueLength);
    const value = type === 'bytes' ? Buffer.from(text) : text;
    await Promise.all(keys.map((key) => this.#client.set(key, value)));
    if (this.#client.returns.length > 0) await this.#check(text, type);
    const once = this.#operation(load, keys, value);
    return async (seconds) => {
      const isOver = timer(seconds);
      let count = 0;
      await Promise.all(Array.from({ length: inFlight }, async () => {
        while (!isOver()) await once(count++);
      }));
      // Sets without a reply have been done when a later command is answered.
      if (load.operation === 'quiet set') await this.#client.get(keys[0]!);
      return count;
    };
  }

  close(): unknown {
    return this.#client.close();
  }

  // A client that gave nothing back would be the fastest of all.
  async #check(text: string, type: ValueType | undefined): Promise<void> {
    const found = await this.#client.get(itemKey(this.#firstKey));
    // Buffers have no such property.
    const value = typeof found === 'object' && found !== null && 'value' in found
      ? found.value
      : found;
    const isRight = type === undefined || (type === 'text') === (typeof value === 'string');
    if (String(value instanceof Uint8Array ? Buffer.from(value) : value) !== text || !isRight) {
      throw new Error(`a value of ${text.length} came back otherwise`);
    }
  }

  #operation(
    { operation, many: count = MANY }: Load,
    keys: readonly string[],
    value: Value,
  ): (i: number) => Promise<unknown> {
    const client = this.#client;
    const many = keys.slice(0, count);
    const key = (i: number): string => keys[i % keys.length]!;
    switch (operation) {
      case 'get':
        return (i) => client.get(key(i));
      case 'set':
        return (i) => client.set(key(i), value);
      case 'mix':
        return (i) => i % 10 === 0 ? client.set(key(i), value) : client.get(key(i));
      case 'getMany':
        return () => client.getMany!(many);
      case 'quiet set':
        return (i) => client.setQuietly!(key(i), value);
      case 'meta get':
        return (i) => client.metaGet!(key(i));
    }
  }
}

type Scripts = Readonly<Partial<Record<Load['operation'], ScriptName>>>;

const textScripts: Scripts = { get: 'get', set: 'set', mix: 'mix', getMany: 'many' };
const metaScripts: Scripts = {
  get: 'mg',
  set: 'ms',
  mix: 'meta mix',
  getMany: 'meta many',
  'meta get': 'mg',
};

/** So many bytes of values, at most, are in a script before it repeats, if that is one at least. */
const SCRIPT_BYTES = 4_000_000;

class SocketRunner implements Runner {
  readonly #driver: Driver;
  readonly #scripts: Scripts;
  readonly #firstKey: number;

  constructor(driver: Driver, scripts: Scripts, firstKey: number) {
    this.#driver = driver;
    this.#scripts = scripts;
    this.#firstKey = firstKey;
  }

  can({ operation }: Load): boolean {
    return this.#scripts[operation] !== undefined;
  }

  async prepare({ operation, items: { keys, valueLength }, inFlight }: Load): Promise<Run> {
    const driver = this.#driver;
    const items = { keys, valueLength, first: this.#firstKey };
    const fill = fillScript(items);
    await driver.run(fill, fill.count, () => driver.answered >= fill.count);
    const fitting = operation === 'getMany' ? 1 : Math.floor(SCRIPT_BYTES / items.valueLength);
    const length = Math.max(1, Math.min(1000, fitting));
    const script = loadScript(this.#scripts[operation]!, items, length);
    return async (seconds) => {
      await driver.run(script, inFlight, timer(seconds));
      return driver.answered;
    };
  }

  close(): void {
    this.#driver.close();
  }
}

// A flag that a timer sets costs a load nothing; to ask for the time after each operation does.
function timer(seconds: number): () => boolean {
  let over = seconds <= 0;
  if (!over) {
    setTimeout(() => {
      over = true;
    }, seconds * 1000);
  }
  return () => over;
}
