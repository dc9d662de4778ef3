// Clients with a cache on embedded servers, where the test decides which step comes next.
//
// The code of the cache and the engine of the server are the real ones; what lies between them is a
// list of commands that are held until the test delivers them. The time stands still until a step
// advances it.
import type { Cache } from '../../core/client/cache/cache.ts';
import type { FetchEnd } from '../../core/client/cache/fetch-end.ts';
import type { CachePolicy, LoadContext } from '../../core/client/cache/policy.ts';
import { stateTable } from '../../core/client/cache/item.ts';
import {
  type ExecuteOptions,
  type Executor,
  type Reader,
  refused,
  wholeReply,
} from '../../core/client/connection/executor.ts';
import { type ItemKey, Keys } from '../../core/client/keys.ts';
import { Memcache } from '../../core/client/memcache.ts';
import { defaultSerde } from '../../core/client/values/serde.ts';
import { EMPTY, latin1 } from '../../core/wire/bytes.ts';
import type { Command } from '../../core/wire/command.ts';
import {
  AbortError,
  ConnectionError,
  ServerReplyError,
  TimeoutError,
  UsageError,
} from '../../core/wire/errors.ts';
import { isError, type Reply } from '../../core/wire/reply.ts';
import { toText } from '../../core/wire/to-text.ts';
import { Random } from '../../conformance/random.ts';
import { MemberClock, type Timer } from './cache-clock.ts';
import { Host, KEY, signsOf } from './cache-host.ts';
import { settled } from './scripted.ts';

/** In the middle of a second, as the clock of a server ticks in whole ones. */
const START = Date.UTC(2026, 0, 1) + 500;
/** Milliseconds that a command has. */
const TIMEOUT = 1000;
export type StagePolicy = Omit<CachePolicy<string, string>, 'key' | 'load' | 'loadMany'>;

export interface StageOptions {
  readonly policy: StagePolicy;
  /** How many clients; 3 by default. */
  readonly members?: number;
  /** Their connections speak text. */
  readonly text?: boolean;
  readonly seed?: number;
  /** A bug to be found, in a test of the laws. */
  readonly bug?: StageBug | undefined;
}

/**
 * - `plain-fill`: what was loaded is stored without a comparison.
 * - `I-fill`: it is stored with the flag `I`.
 * - `any-connection`: it is stored over whatever connection the client has by then.
 * - `share-outdated`: the server says that it was stored, though the item had changed.
 */
export type StageBug = 'plain-fill' | 'I-fill' | 'any-connection' | 'share-outdated';

/** What was read last, for a test of the laws that puts another rule in the place of a right one. */
export const sights: { ttl: number } = { ttl: Infinity };

/** What a stage tells a judge, as it happens. */
export interface StageListener {
  /** A load has begun. */
  onLoad?(load: Load): void;
  /** A load was ended by the test, or aborted. */
  onLoadEnd?(load: Load): void;
  /** A server has executed a command. */
  onServed?(held: Held, reply: Reply): void;
  /** A call has ended. */
  onEnd?(call: StageCall): void;
  /** An item, with its lease, or a server, has gone. */
  onLoss?(): void;
  /** The key has another server. */
  onMove?(): void;
}

/** A call of a cache. */
export interface StageCall {
  readonly member: Member;
  readonly kind: string;
  /** The version of the source when it began. */
  readonly version: number;
  /** By the clock. */
  readonly start: number;
  isOver: boolean;
  value: unknown;
  error: Error | null;
  /** Of a `fetch`. */
  end: FetchEnd | null;
}

/** Clients, servers, and what is between them. */
export class Stage {
  readonly members: readonly Member[];
  /** The owner of the key, and the one that it has after it has moved. */
  readonly hosts: Host[];
  readonly options: StageOptions;
  listener: StageListener = {};
  /** Milliseconds since 1970. */
  now: number = START;
  /** The server that has the key now. */
  owner = 0;
  /** The version of the source. */
  version = 1;
  /** Commands on their way, the oldest first. */
  held: Held[] = [];
  /** Loads that have not ended. */
  loads: Load[] = [];
  readonly calls: StageCall[] = [];
  /** How often each row of the state table was entered. */
  readonly rows: number[] = stateTable.map(() => 0);
  /** What waits for the next turn of the event loop. */
  turns: (() => void)[] = [];
  #lastNumber = 0;

  constructor(options: StageOptions) {
    this.options = options;
    this.hosts = [new Host(this)];
    const { members = 3 } = options;
    this.members = Array.from({ length: members }, (_, index) => new Member(this, index));
  }

  /** The server that has the key now. */
  get host(): Host {
    return this.hosts[this.owner]!;
  }

  /** The oldest command on its way. */
  get next(): Held {
    const [held] = this.held;
    if (held === undefined) throw new Error('nothing is on its way');
    return held;
  }

  /** Lets all happen that waits neither for a step nor for the time. */
  async settle(): Promise<void> {
    await settled();
    while (this.turns.length > 0) {
      const { turns } = this;
      this.turns = [];
      for (const turn of turns) turn();
      await settled();
    }
  }

  number(): number {
    return ++this.#lastNumber;
  }

  /**
   * A command arrives, and its reply is read.
   *
   * @param isLost Nobody ever gets the reply.
   * @returns The reply, or null where the connection is lost.
   */
  async deliver(held: Held, isLost = false): Promise<Reply | null> {
    this.held = this.held.filter((other) => other !== held);
    const { line } = held;
    if (line.isLost) {
      held.fail(new ConnectionError('lost', 'unknown'));
      await this.settle();
      return null;
    }
    const reply = line.host.handle(held.command);
    this.listener.onServed?.(held, reply);
    if (isLost) held.fail(new TimeoutError('lost', 'unknown'));
    else held.settle(reply);
    await this.settle();
    return reply;
  }

  /** The connection of a client is lost, and what was sent on it. */
  async cut(member: Member): Promise<void> {
    const lost = this.held.filter((held) => held.member === member);
    this.held = this.held.filter((held) => held.member !== member);
    member.disconnect();
    for (const held of lost) held.fail(new ConnectionError('lost', 'unknown'));
    await this.settle();
  }

  /** A client ends without a word. */
  async crash(member: Member): Promise<void> {
    member.isAlive = false;
    member.clock.timers = [];
    this.loads = this.loads.filter((load) => load.member !== member);
    for (const held of this.held) if (held.member === member) held.forget();
    await this.settle();
  }

  /** A server starts again without items, and counts versions from 1 again. */
  async restart(): Promise<void> {
    this.listener.onLoss?.();
    const { host } = this;
    host.start();
    const lost = this.held.filter((held) => held.line.host === host);
    this.held = this.held.filter((held) => held.line.host !== host);
    for (const member of this.members) member.disconnect(host);
    for (const held of lost) held.fail(new ConnectionError('lost', 'unknown'));
    await this.settle();
  }

  /** The key belongs to another server from now on. */
  move(): void {
    this.listener.onMove?.();
    this.hosts.push(new Host(this));
    this.owner++;
  }

  /** The clock of the server is set an hour ahead. */
  jump(): void {
    this.listener.onLoss?.();
    this.host.jump(3_600_000);
  }

  /** The server evicts the item. */
  evict(): void {
    this.listener.onLoss?.();
    this.host.evict();
  }

  /** Advances the time, with the timers of all clients in their order. */
  async advance(milliseconds: number): Promise<void> {
    const end = this.now + milliseconds;
    for (;;) {
      const timer = this.nextTimer();
      if (timer === null || timer.at > end) break;
      timer.clock.timers = timer.clock.timers.filter((other) => other !== timer);
      this.now = Math.max(this.now, timer.at);
      timer.call();
      await this.settle();
    }
    this.now = end;
  }

  nextTimer(): Timer | null {
    let next: Timer | null = null;
    for (const { clock } of this.members) {
      for (const timer of clock.timers) if (next === null || timer.at < next.at) next = timer;
    }
    return next;
  }

  /** Lets all that is under way end: commands arrive, loads return, and the time goes on. */
  async finish(): Promise<void> {
    for (let step = 0; step < 3000; step++) {
      const [held] = this.held;
      const [load] = this.loads;
      const timer = this.nextTimer();
      if (held !== undefined) await this.deliver(held);
      else if (load !== undefined) await load.succeed();
      else if (timer !== null) await this.advance(Math.max(0, timer.at - this.now));
      else return;
    }
    throw new Error('it does not come to an end');
  }
}

/** A connection of a client to a server. */
export class Line implements Executor {
  readonly member: Member;
  readonly host: Host;
  readonly number: number;
  isLost = false;

  constructor(member: Member, host: Host) {
    this.member = member;
    this.host = host;
    this.number = ++member.lines;
  }

  execute(command: Command, options?: ExecuteOptions): Promise<Reply> {
    return this.executeWith(command, options, wholeReply, '');
  }

  executeWith<Result>(
    command: Command,
    options: ExecuteOptions | undefined,
    reader: Reader<Result>,
    key: ItemKey,
  ): Promise<Result> {
    const { stage } = this.member;
    if (this.isLost) return refused(reader, new ConnectionError('lost', 'not-sent'));
    if (options?.signal?.aborted === true) return refused(reader, new AbortError('not-sent', null));
    let spelled = broken(command, stage.options.bug);
    if (stage.options.text === true) {
      const isEither = 'orText' in command && command.orText === true;
      if (!isEither) return refused(reader, new UsageError('dialect', 'speaks text'));
      spelled = toText(command);
    }
    return new Promise((resolve, reject) => {
      const fail = (error: Error): void => {
        if (reader.ofError === undefined) reject(error);
        else resolve(refused(reader, error));
      };
      const settle = (reply: Reply): void => {
        if (reply.type === 'VA') sights.ttl = signsOf(reply).ttl;
        if (isError(reply)) return fail(new ServerReplyError(reply.type, reply.message));
        const call = { key, options, deadline: Infinity };
        const connection = stage.options.bug === 'any-connection' ? undefined : this;
        try {
          resolve(reader.ofReply(reply, call, connection));
        } catch (error) {
          reject(error);
        }
      };
      stage.held.push(new Held(this, spelled, options, settle, fail));
    });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

// The same command, as a client with a bug would have sent it.
function broken(command: Command, bug: StageBug | undefined): Command {
  if (bug === undefined || command.verb !== 'ms') return command;
  if (!command.flags.some((flag) => flag.startsWith('C'))) return command;
  if (bug === 'I-fill') return { ...command, flags: [...command.flags, 'I'] };
  if (bug !== 'plain-fill') return command;
  return { ...command, flags: command.flags.filter((flag) => !flag.startsWith('C')) };
}

/** A command on its way. */
export class Held {
  readonly line: Line;
  readonly command: Command;
  readonly number: number;
  readonly text: string;
  #settle: ((reply: Reply) => void) | null;
  #reject: ((error: Error) => void) | null;
  readonly #cancel: () => void;

  constructor(
    line: Line,
    command: Command,
    options: ExecuteOptions | undefined,
    settle: (reply: Reply) => void,
    reject: (error: Error) => void,
  ) {
    this.line = line;
    this.command = command;
    this.number = line.member.stage.number();
    this.text = textOf(command);
    this.#settle = settle;
    this.#reject = reject;
    const { clock } = line.member;
    const time = options?.timeout ?? TIMEOUT;
    const late = (): void => this.fail(new TimeoutError('late', 'unknown'));
    const cancel = time === Infinity ? () => {} : clock.after(time, late);
    const signal = options?.signal;
    const onAbort = (): void => this.fail(new AbortError('unknown', signal?.reason));
    signal?.addEventListener('abort', onAbort);
    this.#cancel = () => {
      cancel();
      signal?.removeEventListener('abort', onAbort);
    };
  }

  get member(): Member {
    return this.line.member;
  }

  /** Whether anybody waits for its reply. */
  get isAwaited(): boolean {
    return this.#settle !== null;
  }

  settle(reply: Reply): void {
    const settle = this.#settle;
    this.forget();
    const isLie = this.member.stage.options.bug === 'share-outdated' && / C\d/.test(this.text) &&
      this.command.verb === 'ms';
    settle?.(isLie ? { type: 'HD', flags: [] } : reply);
  }

  fail(error: Error): void {
    const reject = this.#reject;
    this.forget();
    reject?.(error);
  }

  /** It may arrive, but nobody waits for its reply any more. */
  forget(): void {
    this.#cancel();
    this.#settle = null;
    this.#reject = null;
  }
}

function textOf(command: Command): string {
  const words: string[] = [command.verb];
  if ('flags' in command) words.push(String(command.flags).replaceAll(',', ' '));
  if ('value' in command) {
    words.push(typeof command.value === 'string' ? command.value : latin1(command.value ?? EMPTY));
  }
  if ('cas' in command) words.push(String(command.cas));
  if ('keys' in command) words.push(String(command.keys));
  else if ('key' in command) words.push(String(command.key));
  return words.join(' ');
}

/** A load that has not ended. */
export class Load {
  readonly member: Member;
  readonly context: LoadContext<string>;
  /** What it has read from the source. */
  readonly version: number;
  readonly start: number;
  readonly number: number;
  #resolve!: (value: string) => void;
  #reject!: (error: Error) => void;
  readonly result: Promise<string>;

  constructor(member: Member, context: LoadContext<string>) {
    const { stage } = member;
    this.member = member;
    this.context = context;
    this.version = stage.version;
    this.start = stage.now;
    this.number = ++member.loads;
    this.result = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    context.signal.addEventListener('abort', () => this.#remove());
    if (member.isAlive) stage.loads.push(this);
    stage.listener.onLoad?.(this);
  }

  async succeed(): Promise<void> {
    this.#remove();
    this.#resolve(valueOf(this.version));
    await this.member.stage.settle();
  }

  async fail(error: Error = new Error('the source fails')): Promise<void> {
    this.#remove();
    this.#reject(error);
    await this.member.stage.settle();
  }

  #remove(): void {
    const { stage } = this.member;
    if (!stage.loads.includes(this)) return;
    stage.loads = stage.loads.filter((load) => load !== this);
    stage.listener.onLoadEnd?.(this);
  }
}

export function valueOf(version: number): string {
  return `v${version}`;
}

/** A client with a cache. */
export class Member {
  readonly stage: Stage;
  readonly index: number;
  readonly clock: MemberClock;
  isAlive = true;
  lines = 0;
  loads = 0;
  readonly #lines: Map<Host, Line> = new Map();
  #client: Memcache | null = null;
  #cache: Cache<string, string> | null = null;
  // The call that begins.
  #call: StageCall | null = null;

  constructor(stage: Stage, index: number) {
    this.stage = stage;
    this.index = index;
    this.clock = new MemberClock(stage);
  }

  // Made with the first call: to make them takes as long as several steps.
  get client(): Memcache {
    const random = new Random((this.stage.options.seed ?? 1) * 100 + this.index);
    return this.#client ??= new Memcache({
      executor: {
        execute: (command, options) => this.line.execute(command, options),
        executeWith: (command, options, reader, key) =>
          this.line.executeWith(command, options, reader, key),
        close: () => Promise.resolve(),
      },
      servers: {
        names: () => [],
        serverOf: () => String(this.stage.owner),
        nodes: () => this.stage.host,
        executorOf: () => this.line,
        add: () => {},
        remove: () => Promise.resolve(false),
        ready: undefined,
      },
      serde: defaultSerde,
      keys: new Keys({ prefix: '', unicode: false, binary: false }),
      timeout: TIMEOUT,
      clock: this.clock,
      random: () => random.next(),
      maxKeys: 100,
      noreply: false,
      ignoreErrors: false,
      onIgnored: undefined,
      onFetch: () => {
        const call = this.#call;
        return (end) => {
          if (call !== null) call.end = end;
        };
      },
    });
  }

  get cache(): Cache<string, string> {
    return this.#cache ??= this.client.cache<string, string>({
      ...this.stage.options.policy,
      key: (id) => id,
      load: (_id, context) => new Load(this, context).result,
    });
  }

  /** The connection to the server that has the key now. */
  get line(): Line {
    const { host } = this.stage;
    let line = this.#lines.get(host);
    if (line === undefined) {
      line = new Line(this, host);
      this.#lines.set(host, line);
    }
    return line;
  }

  /** Its connections are lost, or those to one server. */
  disconnect(to?: Host): void {
    for (const [host, line] of this.#lines) {
      if (to !== undefined && host !== to) continue;
      line.isLost = true;
      this.#lines.delete(host);
    }
  }

  /** Begins a call. */
  async call(kind: string, run: () => Promise<unknown>): Promise<StageCall> {
    const { stage } = this;
    const call: StageCall = {
      member: this,
      kind,
      version: stage.version,
      start: stage.now,
      isOver: false,
      value: undefined,
      error: null,
      end: null,
    };
    stage.calls.push(call);
    const over = (): void => {
      call.isOver = true;
      if (!this.isAlive) return;
      stage.listener.onEnd?.(call);
    };
    this.#call = call;
    const result = run();
    this.#call = null;
    result.then((value) => {
      call.value = value;
      over();
    }, (error: Error) => {
      call.error = error;
      over();
    });
    await stage.settle();
    return call;
  }

  fetch(options?: Parameters<Cache<string, string>['fetch']>[1]): Promise<StageCall> {
    return this.call('fetch', () => this.cache.fetch(KEY, options));
  }

  /** Changes the source, and then the cache. */
  write(kind: 'invalidate' | 'remove' | 'put'): Promise<StageCall> {
    const version = ++this.stage.version;
    return this.call(kind, () => {
      if (kind === 'put') return this.cache.put(KEY, valueOf(version));
      return this.cache[kind](KEY);
    });
  }
}
