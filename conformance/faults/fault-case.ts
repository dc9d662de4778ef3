// The context of the fault cases, and the laws that they judge by.
import type { ClientOptions } from '../../core/client/options.ts';
import type { Clock } from '../../core/io/clock.ts';
import type { Accept } from '../../core/io/transport.ts';
import { awaitedLate, CaseError, show } from '../assert.ts';
import type { Case } from '../case.ts';
import { guardClient } from '../memcache/context.ts';
import type { JudgedClient } from '../memcache/judged-client.ts';
import { FaultyServer } from './faulty-server.ts';

/** The client under test, for cases in which its server, the network or its caller fails. */
export interface FaultContext {
  /** Makes a client of the server that accepts these connections; the case closes it. */
  readonly createFor: (
    accept: Accept,
    options: Omit<ClientOptions, 'dial'>,
  ) => JudgedClient | Promise<JudgedClient>;
  /** Makes a client of several such servers, for the cases that need `servers`. */
  readonly createForMany?:
    | ((
      accepts: readonly Accept[],
      options: Omit<ClientOptions, 'dial'>,
    ) => JudgedClient | Promise<JudgedClient>)
    | undefined;
  /** Eight letters and digits that no other case uses, to make keys of. */
  readonly unique: () => string;
  /** The time of the client, which the server shares; the system's by default. */
  readonly clock?: Clock | undefined;
  /**
   * The `timeout` of the client in milliseconds, by which all times of the cases are measured; 100 by
   * default. A busy machine needs more, and with it the cases take longer.
   */
  readonly timeout?: number | undefined;
  /** What answers behind the faults; an embedded memcached by default. */
  readonly backend?: Accept | undefined;
  /**
   * Whether a read that failed gives the same as a miss, as with memwire's `ignoreErrors`; it may not
   * by default.
   */
  readonly ignoresErrors?: boolean | undefined;
}

/**
 * The optional features of a client at fault. A need of a case is one of these, one of
 * `memcacheFeatures`, or a method or an option, as there.
 */
export const faultFeatures: Readonly<Record<string, string>> = {
  ascii: 'speaks the ASCII protocol, with classic or meta commands',
  meta: 'reads by meta commands, with an opaque',
  opaques: 'knows of every reply which command it answers, as meta commands with an opaque allow',
  servers: 'has several servers, and a server for each key: `createForMany` makes such a client',
};

/**
 * How a client failed at a fault:
 *
 * - `hung`: a call, or `close`, did not end in time.
 * - `wrong value`: it gave the value of another key, or one that was never stored.
 * - `wrong result`: it said that something was done that was not, or the contrary, or that an item
 *   is missing that is there.
 * - `run`: what a caller passed as a key, a number or a value was run as a command.
 * - `not recovered`: it did not work again after the fault.
 * - `too many connections`: it made more of them than any client needs.
 */
export type Consequence =
  | 'hung'
  | 'wrong value'
  | 'wrong result'
  | 'run'
  | 'not recovered'
  | 'too many connections';

/** The failure of a case at fault. */
export class FaultError extends CaseError {
  /** How the client failed. */
  readonly consequence: Consequence;

  /**
   * Makes the error.
   *
   * @param consequence How the client failed.
   */
  constructor(consequence: Consequence, message: string) {
    super(message);
    this.consequence = consequence;
  }
}

/** After how many times its timeout a call has hung: a client that retries may need several. */
const LIMIT = 10;
/** How many milliseconds a client may take until it works again. */
const RECOVERY = 4000;

/** A result, or the error of a call that failed. */
export type Ended<T> = { readonly value: T } | { readonly error: unknown };

/** A client at fault, with its server and the laws that hold for it. */
export class FaultScene {
  readonly client: JudgedClient;
  readonly server: FaultyServer;
  /** The start of its keys. */
  readonly key: string;
  readonly #context: FaultContext;
  // The values that an item may have, by its key.
  readonly #values = new Map<string, Set<string>>();

  constructor(client: JudgedClient, server: FaultyServer, key: string, context: FaultContext) {
    this.client = client;
    this.server = server;
    this.key = key;
    this.#context = context;
  }

  /** Resolves after so many times the timeout. */
  pass(timeouts: number): Promise<void> {
    const { clock, timeout } = this.server;
    return new Promise((resolve) => void clock.after(timeouts * timeout, resolve));
  }

  /** Fails unless a call ends in time; it may fail. The promise may be awaited late, or never. */
  ends<T>(
    what: string,
    call: Promise<T>,
    limit: number = LIMIT * this.server.timeout,
  ): Promise<Ended<T>> {
    return awaitedLate(
      new Promise((resolve, reject) => {
        const cancel = this.server.clock.after(limit, () => {
          reject(new FaultError('hung', `${what} did not end within ${limit} ms`));
        });
        const end = (ended: Ended<T>): void => {
          cancel();
          resolve(ended);
        };
        call.then((value) => end({ value }), (error: unknown) => end({ error }));
      }),
    );
  }

  /** Stores an item before anything fails; a client, or a machine, may need a moment to begin. */
  async store(key: string, value: string): Promise<void> {
    for (let attempt = 1;; attempt++) {
      const ended = await this.ends(`set ${key}`, this.client.set(key, value));
      if ('value' in ended && ended.value === true) break;
      if (attempt === 3) {
        throw new CaseError(`set must work before the fault, it gave ${show(ended)}`);
      }
      await this.pass(1);
    }
    this.expect(key, value);
  }

  /** Says what an item is from now on; undefined if it is missing. */
  expect(key: string, value: string | undefined): void {
    this.#values.set(key, new Set([value ?? '']));
  }

  /** Says that an item may also have this value, or that it may be missing. */
  allow(key: string, value: string | undefined): void {
    this.#values.get(key)?.add(value ?? '');
  }

  /** Fails if a read gives anything but a value of its item; it may fail. */
  reads(key: string): Promise<boolean> {
    const ended = this.ends(`get ${key}`, this.client.get(key));
    return awaitedLate(ended.then((result) => this.isOwn(key, result)));
  }

  /** The same for a read that has ended. Whether it gave the value. */
  isOwn(key: string, ended: Ended<unknown>): boolean {
    if (!('value' in ended)) return false;
    const { value } = ended;
    const own = this.#values.get(key);
    if (value === undefined) {
      if (this.#context.ignoresErrors === true || own?.has('') === true) return false;
      throw new FaultError('wrong result', `get ${key} gave a miss, and the item is there`);
    }
    if (typeof value === 'string' && own?.has(value) === true) return true;
    const stored = [...own ?? []].map(show).join(' or ');
    throw new FaultError('wrong value', `get ${key} gave ${show(value)}, and it is ${stored}`);
  }

  /** Fails if a call for many gives anything but their values; it may fail. */
  async readsMany(keys: readonly string[]): Promise<void> {
    const ended = await this.ends('getMany', this.client.getMany(keys));
    if (!('value' in ended)) return;
    for (const key of keys) this.isOwn(key, { value: ended.value.get(key) });
    const others = [...ended.value.keys()].filter((key) => !keys.includes(String(key)));
    if (others.length > 0) throw new FaultError('wrong value', `getMany gave ${show(others)}`);
  }

  /** Fails unless a read gives the value in the end. */
  async recovers(key: string): Promise<void> {
    const { clock } = this.server;
    let last: unknown = 'nothing';
    const end = clock.elapsed() + RECOVERY;
    do {
      const ended = await this.ends(`get ${key}`, this.client.get(key));
      if (this.isOwn(key, ended)) return;
      last = ended;
      await this.pass(0.2);
    } while (clock.elapsed() < end);
    throw new FaultError('not recovered', `get ${key} gave ${show(last)} for ${RECOVERY} ms`);
  }

  /** Fails unless a value can be stored in the end. */
  async storesAgain(key: string, value: string): Promise<void> {
    const { clock } = this.server;
    let last: unknown = 'nothing';
    const end = clock.elapsed() + RECOVERY;
    this.#values.get(key)?.add(value);
    do {
      const ended = await this.ends(`set ${key}`, this.client.set(key, value));
      if ('value' in ended && ended.value) {
        this.#values.set(key, new Set([value]));
        return await this.recovers(key);
      }
      last = ended;
      await this.pass(0.2);
    } while (clock.elapsed() < end);
    throw new FaultError('not recovered', `set ${key} gave ${show(last)} for ${RECOVERY} ms`);
  }

  /** Fails unless what a write said about itself is true of the item. */
  async tellsTheTruth(
    what: string,
    key: string,
    ended: Ended<unknown>,
    before: string | undefined,
    after: string | undefined,
  ): Promise<void> {
    const held = await this.server.holds(key);
    const outcome = 'error' in ended ? (ended.error as { outcome?: unknown } | null)?.outcome : '';
    const may = 'value' in ended ? [after] : outcome === 'not-sent' ? [before] : [before, after];
    if (may.includes(held)) return;
    throw new FaultError(
      'wrong result',
      `${what} ended with ${show(ended)}, and the item is ${show(held)}`,
    );
  }

  /** Fails unless the client can be closed. */
  async closes(): Promise<void> {
    await this.ends('close', this.client.close(), RECOVERY);
  }
}

/**
 * A case with a client whose calls have a time limit.
 *
 * @param needs The methods, and other features, that the case uses.
 * @param backend Makes what answers, if the context has nothing; an embedded server by default.
 */
export function atFault(
  name: string,
  needs: readonly string[],
  run: (scene: FaultScene) => Promise<void>,
  backend: () => Accept | undefined = () => undefined,
): Case<FaultContext> {
  return {
    name,
    needs: ['timeout', ...needs],
    async run(context) {
      const server = new FaultyServer({ ...context, backend: context.backend ?? backend() });
      const client = guardClient(
        await context.createFor(server.accept, { timeout: server.timeout }),
      );
      const scene = new FaultScene(client, server, context.unique(), context);
      try {
        await run(scene);
      } catch (error) {
        void awaitedLate(client.close());
        throw error;
      }
      await scene.closes();
    },
  };
}
