// The pictures of docs/caching.md: runs of the real client and server, on a virtual clock.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Cache, type CachePolicy, Client, type FetchEnd } from '../../core/client/mod.ts';
import { VirtualClock } from '../../core/io/clock.ts';
import type { Dialer } from '../../core/io/transport.ts';
import { MemoryServer } from '../../core/server/memory.ts';
import { drawSequence } from './sequence.ts';
import { ROOT } from './source.ts';

/** Something that happened in a run. */
export interface Mark {
  /** Milliseconds since the beginning. */
  readonly at: number;
  /** The number of the process. */
  readonly process: number;
  readonly kind: 'request' | 'reply' | 'call' | 'answer' | 'load' | 'loaded' | 'death';
  readonly text: string;
}

/** A run to draw. */
interface Scene {
  /** The name of the picture's file, without `caching-`. */
  readonly name: string;
  readonly title: string;
  readonly run: (stage: Stage) => Promise<void>;
}

const LOADING = 200;
const ID = 17;

/** What the pictures are of. */
const scenes: readonly Scene[] = [
  {
    name: 'cold',
    title: 'A cold key: one process loads, the other waits for it',
    async run(stage) {
      const [first, second] = await stage.start({ ttl: 300 });
      first.fetch();
      await stage.pass(0);
      second.fetch();
      await stage.pass(LOADING + 50);
    },
  },
  {
    name: 'takeover',
    title: 'A loader that dies: another takes over after the lease',
    async run(stage) {
      const [first, second] = await stage.start({ ttl: 300, grace: 60, lease: 10 });
      await stage.quietly(() => first.fetch(), 305_000);
      first.fetch();
      await stage.pass(50);
      first.die();
      second.fetch();
      await stage.pass(10_000);
      second.fetch();
      await stage.pass(LOADING + 50);
      second.fetch();
      await stage.pass(0);
    },
  },
  {
    name: 'invalidate',
    title: 'A change during a load: the older value is not stored',
    async run(stage) {
      const [first, second] = await stage.start({ ttl: 300, grace: 60 });
      first.fetch();
      await stage.pass(LOADING / 2);
      stage.change('Grace');
      await second.invalidate();
      await stage.pass(LOADING / 2);
      second.fetch();
      await stage.pass(LOADING + 50);
    },
  },
  {
    name: 'ahead',
    title: 'Refreshing ahead: one caller loads behind its answer',
    async run(stage) {
      const [first, second] = await stage.start({ ttl: 300, grace: 60, refreshAhead: 20 });
      await stage.quietly(() => first.fetch(), 285_000);
      first.fetch();
      await stage.pass(50);
      second.fetch();
      await stage.pass(LOADING);
      second.fetch();
      await stage.pass(10);
    },
  },
];

/** The pictures by their files. */
export async function pictures(): Promise<ReadonlyMap<string, string>> {
  const files = new Map<string, string>();
  for (const { name, title, run } of scenes) {
    const stage = new Stage();
    await run(stage);
    files.set(join(ROOT, `docs/caching-${name}.svg`), drawSequence(title, stage.marks));
  }
  return files;
}

/** A server, its clock, and the record. */
class Stage {
  readonly marks: Mark[] = [];
  readonly #clock: VirtualClock = new StageClock();
  readonly #server: MemoryServer = new MemoryServer({}, this.#clock);
  #start: number = this.#clock.elapsed();
  readonly #dead: Set<number> = new Set();
  #isRecording = false;
  #source = 'Ada';

  /** Starts two processes. */
  async start(policy: Policy): Promise<[Process, Process]> {
    const processes = [0, 1].map((number) => this.#process(number, policy));
    for (const one of processes) await this.#settle(one.cache.peek(0));
    this.#isRecording = true;
    return processes as [Process, Process];
  }

  /** What is done before the picture begins. */
  async quietly(act: () => void, milliseconds: number): Promise<void> {
    this.#isRecording = false;
    act();
    await this.pass(LOADING + 50);
    this.#clock.advance(milliseconds - LOADING - 50);
    this.#start = this.#clock.elapsed();
    this.#isRecording = true;
  }

  /** Changes what the loaders read. */
  change(value: string): void {
    this.#source = value;
  }

  /** Lets so much time go by. */
  async pass(milliseconds: number): Promise<void> {
    await this.#settle();
    const step = milliseconds > 1000 ? 100 : 1;
    for (let passed = 0; passed < milliseconds; passed += step) {
      this.#clock.advance(step);
      await this.#settle();
    }
  }

  mark(process: number, kind: Mark['kind'], text: string): void {
    if (!this.#isRecording || this.#dead.has(process)) return;
    this.marks.push({ at: this.#clock.elapsed() - this.#start, process, kind, text });
  }

  /** The process does nothing any more, and its connection stays as it is. */
  kill(process: number): void {
    this.mark(process, 'death', 'SIGKILL');
    this.#dead.add(process);
  }

  async #settle(promise?: Promise<unknown>): Promise<void> {
    await promise;
    // What follows a turn may take another one.
    for (let turn = 0; turn < 3; turn++) await microtasks();
  }

  #process(number: number, policy: Policy): Process {
    const ends: FetchEnd[] = [];
    const client = new Client('memcached', {
      clock: this.#clock,
      random: () => 0.5,
      dial: this.#tap(number),
      onFetch: () => (end) => void ends.push(end),
    });
    const cache = client.cache<string, number>({
      ...policy,
      key: (id) => `u:${id}`,
      load: async (_, { signal }) => {
        this.mark(number, 'load', 'load');
        const value = this.#source;
        await new Promise<void>((resolve) => void this.#clock.after(LOADING, resolve));
        if (!signal.aborted) this.mark(number, 'loaded', value);
        return value;
      },
    });
    return new Process(this, number, cache, ends);
  }

  // Notes what is sent and received.
  #tap(number: number): Dialer {
    return async (to, events, signal) => {
      const note = (kind: 'request' | 'reply', bytes: Uint8Array): void => {
        const text = Buffer.from(bytes).toString().trimEnd();
        // Opaques say nothing here.
        this.mark(number, kind, text.replaceAll(/ O\d+/g, '').replaceAll('\r\n', ' ↵ '));
      };
      const transport = await this.#server.dial(to, {
        onData(chunk) {
          note('reply', chunk);
          events.onData(chunk);
        },
        onDrain: () => events.onDrain(),
        onClosed: (cause) => events.onClosed(cause),
      }, signal);
      return {
        send: (bytes) => {
          if (this.#dead.has(number)) return bytes.length;
          note('request', bytes);
          return transport.send(bytes);
        },
        pause: () => transport.pause(),
        resume: () => transport.resume(),
        close: () => transport.close(),
        abort: () => transport.abort(),
      };
    };
  }
}

/** Its turns of the event loop are longer than any chain of microtasks, as those of runtimes. */
class StageClock extends VirtualClock {
  override yield(call: () => void): void {
    void microtasks().then(call);
  }
}

// Bytes in memory arrive in microtasks: nothing is left to be done after so many of them.
async function microtasks(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await Promise.resolve();
}

type Policy = Omit<CachePolicy<string, number>, 'key' | 'load' | 'loadMany'>;

/** A process with a cache. */
class Process {
  readonly cache: Cache<string, number>;
  readonly #stage: Stage;
  readonly #number: number;
  readonly #ends: FetchEnd[];

  constructor(stage: Stage, number: number, cache: Cache<string, number>, ends: FetchEnd[]) {
    this.#stage = stage;
    this.#number = number;
    this.cache = cache;
    this.#ends = ends;
  }

  fetch(): void {
    this.#stage.mark(this.#number, 'call', `fetch(${ID})`);
    void this.cache.fetch(ID).then((value) => {
      this.#stage.mark(this.#number, 'answer', `${value} (${this.#ends.at(-1)?.outcome})`);
    });
  }

  async invalidate(): Promise<void> {
    this.#stage.mark(this.#number, 'call', `invalidate(${ID})`);
    await this.cache.invalidate(ID);
    this.#stage.mark(this.#number, 'answer', 'done');
  }

  die(): void {
    this.#stage.kill(this.#number);
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  for (const [file, picture] of await pictures()) writeFileSync(file, picture);
}
