// Random interleavings of two readers and a writer of one key: how often an old value is left in the
// cache as fresh. Each request to memcached is held at a gate until it is its turn, as is each load.
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { VirtualClock } from '../core/io/clock.ts';
import { type CacheAdapter, openCache } from './clients/caches.ts';
import { generator } from './script.ts';

const DIST = join(import.meta.dirname, '../dist');
/** Seconds; none ends in a race. */
const LEASE = 60;
/** The clock of our client advances by so many milliseconds in a step. */
const TICK = 10;
/** Turns of the event loop after which a client that has said nothing waits for a timer. */
const TURNS = 30;

/** How many of so many races left an old value that the next reader is served. */
export async function staleFills(name: string, port: number, races: number): Promise<number> {
  const random = generator(1);
  const actors = await Promise.all(
    Array.from({ length: 3 }, () => Actor.open(name, port)),
  );
  const judge = await openCache(name, { port, dist: DIST, lease: LEASE });
  let stale = 0;
  try {
    for (let race = 0; race < races; race++) {
      const key = `race:${name.replaceAll(/[^a-z]/g, '')}:${race}`;
      await run(actors, key, random);
      if (await judge.fetch(key, () => Promise.resolve('new')) !== 'new') stale++;
    }
  } finally {
    await judge.close();
    for (const actor of actors) await actor.close();
  }
  return stale;
}

async function run(
  actors: readonly Actor[],
  key: string,
  random: () => number,
): Promise<void> {
  let source = 'old';
  const [first, second, writer] = actors as [Actor, Actor, Actor];
  for (const reader of [first, second]) {
    reader.begin((cache) =>
      cache.fetch(key, async () => {
        // What it has read may be old by the time it is returned.
        const read = await reader.step(() => source);
        return await reader.step(() => read);
      })
    );
  }
  writer.begin(async (cache) => {
    await writer.step(() => void (source = 'new'));
    await cache.drop(key);
  });
  for (;;) {
    for (const actor of actors) await actor.settled();
    const ready = actors.filter(({ isOver }) => !isOver);
    if (ready.length === 0) return;
    await ready[Math.floor(random() * ready.length)]!.advance();
  }
}

/** A client whose requests and loads wait until they are let through. */
class Actor {
  readonly #gate: Gate;
  readonly #cache: CacheAdapter;
  readonly #clock: VirtualClock;
  #load: (() => void) | null = null;
  #failure: unknown = null;
  // Its call has been answered.
  #isDone = true;
  /** Nothing is left to be done: some store only after they have answered. */
  isOver = true;

  private constructor(gate: Gate, cache: CacheAdapter, clock: VirtualClock) {
    this.#gate = gate;
    this.#cache = cache;
    this.#clock = clock;
  }

  static async open(name: string, port: number): Promise<Actor> {
    const gate = await Gate.open(port);
    const clock = new VirtualClock();
    const cache = await openCache(name, { port: gate.port, dist: DIST, lease: LEASE, clock });
    await cache.fetch(`warm:${gate.port}`, () => Promise.resolve('value'));
    await cache.drop(`warm:${gate.port}`);
    gate.isOpen = false;
    return new Actor(gate, cache, clock);
  }

  /** What it does from now on. */
  begin(act: (cache: CacheAdapter) => Promise<unknown>): void {
    this.#isDone = this.isOver = false;
    act(this.#cache).catch((error: unknown) => {
      this.#failure = error;
    }).finally(() => {
      this.#isDone = true;
    });
  }

  /** A step that is no request. */
  step<Result>(act: () => Result): Promise<Result> {
    return new Promise((resolve) => {
      this.#load = () => resolve(act());
    });
  }

  /** Resolves when it waits for its turn, or for the time. */
  async settled(): Promise<void> {
    for (let turn = 0; turn < TURNS && !this.isOver && !this.#isWaiting; turn++) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    if (this.#failure !== null) throw this.#failure;
    this.isOver ||= this.#isDone && !this.#isWaiting;
  }

  /** Its turn: a request, a load, or time. */
  async advance(): Promise<void> {
    const load = this.#load;
    this.#load = null;
    if (load !== null) load();
    else if (this.#gate.isHolding) await this.#gate.release();
    else this.#clock.advance(TICK);
  }

  async close(): Promise<void> {
    await this.#cache.close();
    this.#gate.close();
  }

  get #isWaiting(): boolean {
    return this.#load !== null || this.#gate.isHolding;
  }
}

/** Leads one client to a server, and holds what it sends. */
class Gate {
  readonly #listener: Server;
  readonly #port: number;
  readonly #held: (() => void)[] = [];
  #onMore: () => void = () => {};
  isOpen = true;

  private constructor(listener: Server, port: number) {
    this.#listener = listener;
    this.#port = port;
    listener.on('connection', (socket) => this.#lead(socket));
  }

  static async open(port: number): Promise<Gate> {
    const listener = createServer({ noDelay: true }).listen(0, '127.0.0.1');
    await once(listener, 'listening');
    return new Gate(listener, port);
  }

  get port(): number {
    return (this.#listener.address() as AddressInfo).port;
  }

  get isHolding(): boolean {
    return this.#held.length > 0;
  }

  /** Lets bytes through; resolves with the reply, or with more bytes where they were half a request. */
  async release(): Promise<void> {
    const more = new Promise<void>((resolve) => {
      this.#onMore = resolve;
    });
    this.#held.shift()?.();
    await more;
  }

  close(): void {
    this.#listener.close();
  }

  #lead(client: Socket): void {
    const server = connect({ port: this.#port, host: '127.0.0.1', noDelay: true });
    server.on('data', (reply: Buffer) => {
      client.write(reply);
      this.#onMore();
    });
    client.on('data', (request: Buffer) => {
      if (this.isOpen) server.write(request);
      else this.#held.push(() => server.write(request));
      this.#onMore();
    });
    for (const [socket, other] of [[client, server], [server, client]] as const) {
      socket.on('close', () => other.destroy());
      socket.on('error', () => other.destroy());
    }
  }
}
