// The state of one server as a client sees it, and what was counted on the way.
import type { Command } from '../../wire/command.ts';
import { MemcacheError, UsageError } from '../../wire/errors.ts';
import { flagArgument } from '../../wire/meta-flags.ts';
import type { PlainReply } from '../../wire/plain.ts';
import type { Reply } from '../../wire/reply.ts';
import { isLeased } from '../results.ts';
import { callListener } from './observe.ts';

/** What has happened to a server, for `onServer`. */
export interface ServerChange {
  /**
   * `connecting`: a connection is being opened, and there is no other. `up`: the server has answered on
   * it. `down`: no connection can be made, or the server does not answer on a new one; calls fail until
   * it does. `back`: it has answered again. `left`: its keys have moved to other servers, because it
   * was down for too long or is no longer in the list.
   */
  readonly type: 'connecting' | 'up' | 'down' | 'back' | 'left';
  /** Its name, `localhost:11211`. */
  readonly server: string;
  /** Why it is down or has left; null for the other events, and if it was taken out of the list. */
  readonly cause: Error | null;
}

/** What a client has counted since it was made. */
export interface Counters {
  /** `up` if one server is; otherwise `connecting`, `idle` or `down`, the first that one server is. */
  readonly state: 'idle' | 'connecting' | 'up' | 'down' | 'closed';
  /** Commands that wait for their reply now. */
  readonly pending: number;
  /** Commands; a call for many keys may be several. */
  readonly calls: number;
  /** Keys that reads have found. */
  readonly hits: number;
  /** Keys that reads have not found. */
  readonly misses: number;
  /** Commands that failed, by the code of their error. */
  readonly errors: ReadonlyMap<string, number>;
  /** How often a server answered on a new connection after all earlier ones were lost or closed. */
  readonly reconnects: number;
  /** Bytes that were received; with TLS, those inside of it. */
  readonly bytesIn: number;
  /** Bytes that were sent. */
  readonly bytesOut: number;
  /** The same of each server, by its name. Servers that have left the list are not among them. */
  readonly servers: ReadonlyMap<string, Omit<Counters, 'servers'>>;
}

/**
 * The state of one server, and its counters.
 *
 * A new server is `idle`. `connecting` begins when there is no connection, and ends with `answered` or
 * `fail`; only `answered` ends the state `down`. `rest` is the loss of the last connection of a server
 * that had answered, which says nothing about it: servers close idle connections.
 */
export class ServerStatus implements Omit<Counters, 'servers'> {
  readonly name: string;
  state: Counters['state'] = 'idle';
  calls = 0;
  hits = 0;
  misses = 0;
  readonly errors: Map<string, number> = new Map();
  reconnects = 0;
  bytesIn = 0;
  bytesOut = 0;
  /** Counts the commands that are pending; its upstream sets it. */
  countPending: () => number = () => 0;
  readonly #onServer: ((event: ServerChange) => void) | undefined;
  #hasAnswered = false;

  constructor(name: string, onServer?: (event: ServerChange) => void) {
    this.name = name;
    this.#onServer = onServer;
  }

  get pending(): number {
    return this.countPending();
  }

  /** A connection is being opened, and there is no other. */
  connecting(): void {
    if (this.state === 'down' || this.state === 'closed') return;
    this.#become('connecting', 'connecting');
  }

  /** The server has answered. */
  answered(): void {
    if (this.state === 'up' || this.state === 'closed') return;
    if (this.#hasAnswered) this.reconnects++;
    this.#hasAnswered = true;
    this.#become('up', this.state === 'down' ? 'back' : 'up');
  }

  /** Bytes were sent. */
  sent(count: number): void {
    this.bytesOut += count;
  }

  /** Bytes were received, on a connection on which the server has answered or not. */
  received(count: number, hasAnswered: boolean): void {
    this.bytesIn += count;
    if (hasAnswered) this.answered();
  }

  /** No connection could be made, or the server did not answer on it. */
  fail(cause: Error | null): void {
    if (this.state !== 'closed') this.#become('down', 'down', cause);
  }

  /** Its keys have moved to other servers. */
  leave(cause: Error | null): void {
    this.#become(this.state === 'closed' ? 'closed' : 'down', 'left', cause);
  }

  /** The last connection has ended, without a failure. */
  rest(): void {
    if (this.state === 'up' || this.state === 'connecting') this.state = 'idle';
  }

  close(): void {
    this.state = 'closed';
  }

  /** Counts a command that failed. */
  failed(error: unknown): void {
    // A meta command was tried first where its sender can do without.
    if (error instanceof UsageError && error.argument === 'dialect') return;
    const code = error instanceof MemcacheError ? error.code : 'other';
    this.errors.set(code, (this.errors.get(code) ?? 0) + 1);
  }

  /** Counts a command that was not even sent. */
  refused(error: unknown): void {
    this.calls++;
    this.failed(error);
  }

  /**
   * Counts the keys that a reply has found.
   *
   * @param keys How many were asked for.
   * @param taken How many items have come before it.
   */
  readReply(reply: Reply, keys: number, taken: number): void {
    if (reply.type === 'values') {
      const found = taken + reply.items.length;
      this.hits += found;
      this.misses += keys - found;
    } else if (reply.type === 'EN' || (reply.type === 'VA' && isLeased(reply))) this.misses++;
    else if (reply.type !== 'silent') this.hits++;
  }

  /** The same for a plain reply to a read of one key. */
  readPlain(reply: PlainReply): void {
    const isMiss = reply.type === 'EN' || (reply.type === 'VA' && reply.isPlaceholder);
    if (isMiss) this.misses++;
    else this.hits++;
  }

  #become(state: Counters['state'], type: ServerChange['type'], cause: Error | null = null): void {
    if (this.state === state && type !== 'left') return;
    this.state = state;
    const onServer = this.#onServer;
    if (onServer === undefined) return;
    callListener(() => onServer({ type, server: this.name, cause }));
  }
}

/** How many keys a command reads; a `touch` reads none, although a meta one is a `mg`. */
export function keysRead(command: Command): number {
  try {
    if (command.verb !== 'mg') return 'keys' in command ? command.keys.length : 0;
    const { flags } = command;
    const isRead = flags[0] === 'v' || flags.includes('v') ||
      flagArgument(flags, 'T') === undefined;
    return isRead ? 1 : 0;
  } catch {
    // It has not been checked yet: it may be anything.
    return 0;
  }
}

/** The sums over servers. */
export function sumCounters(servers: readonly ServerStatus[]): Counters {
  const errors = new Map<string, number>();
  for (const server of servers) {
    for (const [code, count] of server.errors) errors.set(code, (errors.get(code) ?? 0) + count);
  }
  const sum = (
    name: 'pending' | 'calls' | 'hits' | 'misses' | 'reconnects' | 'bytesIn' | 'bytesOut',
  ) => servers.reduce((total, server) => total + server[name], 0);
  return {
    state: sumState(servers),
    pending: sum('pending'),
    calls: sum('calls'),
    hits: sum('hits'),
    misses: sum('misses'),
    errors,
    reconnects: sum('reconnects'),
    bytesIn: sum('bytesIn'),
    bytesOut: sum('bytesOut'),
    servers: new Map(servers.map((server) => [server.name, copyOf(server)])),
  };
}

const order = ['up', 'connecting', 'idle', 'down', 'closed'] as const;

/** The state of a client: the best one that any of its servers is in. */
export function sumState(servers: readonly ServerStatus[]): Counters['state'] {
  return order.find((state) => servers.some((server) => server.state === state)) ?? 'idle';
}

function copyOf(server: ServerStatus): Omit<Counters, 'servers'> {
  const { state, pending, calls, hits, misses, reconnects, bytesIn, bytesOut } = server;
  const errors = new Map(server.errors);
  return { state, pending, calls, hits, misses, errors, reconnects, bytesIn, bytesOut };
}

/** The names of the methods by which Node and Bun, and Deno, ask an object for its text. */
const names = ['nodejs.util.inspect.custom', 'Deno.customInspect'] as const;

/** Gives a client the methods for consoles. Its text is its class, its state and its servers. */
export function defineInspect(client: { readonly counters: () => Counters }): void {
  const inspect = (): string => inspectClient(client.constructor.name, client.counters());
  // Of the object, because a class cannot declare a method with a computed name to the package's types.
  for (const name of names) {
    Object.defineProperty(client, Symbol.for(name), { value: inspect, configurable: true });
  }
}

function inspectClient(name: string, { state, pending, servers }: Counters): string {
  const list = [...servers].map(([server, { state }]) => `${JSON.stringify(server)}: '${state}'`);
  const shown = list.length === 0 ? '{}' : `{ ${list.join(', ')} }`;
  return `${name} { state: '${state}', pending: ${pending}, servers: ${shown} }`;
}
