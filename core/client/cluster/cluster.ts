// An executor that sends each command to the server of its key.
import type { Clock } from '../../io/clock.ts';
import type { Endpoint } from '../../io/transport.ts';
import { checkObject } from '../../wire/check.ts';
import type { Command, Key } from '../../wire/command.ts';
import { ConnectionError, TimeoutError, UsageError } from '../../wire/errors.ts';
import type { Reply, ValueItem } from '../../wire/reply.ts';
import { rowOf } from '../../wire/verbs.ts';
import { withoutStack } from '../../wire/without-stack.ts';
import type { ResolvedServer } from './cluster-server.ts';
import { quoted } from '../connection/endpoint.ts';
import {
  closedError,
  type ExecuteOptions,
  executeThenRead,
  type Executor,
  type Reader,
  refuse,
  refused,
  wholeReply,
} from '../connection/executor.ts';
import { type HashNode, type HashScheme, SchemeHasher } from '../hashing/hasher.ts';
import { Health, type HealthOptions } from './health.ts';
import { HEALTH_CHECK } from '../connection/link.ts';
import { type ServerChange, ServerStatus } from '../connection/server-status.ts';
import { eachItem } from '../results.ts';
import { groupByServer, type ItemKey } from '../keys.ts';

/** The options of a `Cluster`. */
export interface ClusterOptions extends HealthOptions {
  /** How keys are distributed. */
  readonly scheme: HashScheme;
  /** The time of the pauses of failed servers. */
  readonly clock: Clock;
  /** A number from 0 to 1, for jitter. */
  readonly random: () => number;
  /**
   * Makes the executor for a server, which calls `onFailure` when no connection can be made, or a new
   * one is not answered.
   */
  readonly connect: (endpoint: Endpoint, onFailure: (cause: Error) => void) => Executor;
  /** Called with what happens to a server. */
  readonly onServer?: ((event: ServerChange) => void) | undefined;
}

/** One server of a cluster. */
export interface Member extends ResolvedServer {
  /** Its connections. */
  readonly executor: Executor;
  /** @internal */
  readonly health: Health;
  /** @internal */
  readonly status: ServerStatus;
}

type ConnectWithStatus = (
  ...given: [...Parameters<ClusterOptions['connect']>, status: ServerStatus]
) => Executor;

type ManyKeys = Extract<Command, { readonly keys: readonly Key[] }>;

/**
 * Many servers, each with the keys that a scheme gives it. A command goes to the server of its key,
 * or of the `route` in its options.
 *
 * A server that fails is left alone for `retryTimeout`: commands for it fail at once. Then it is
 * probed with one read. When that is answered the server is on probation: a further failure adds to
 * the earlier ones, until a command is answered. After `retryAttempts` failed probes it leaves the
 * list, so that other servers get its keys, and is probed every `deadTimeout`; when it answers it
 * returns to its old place. Probes are sent when commands come: there is no timer, and an idle
 * client sends nothing.
 */
export class Cluster implements Executor {
  readonly #options: ClusterOptions;
  // Without the dead ones, in the order of the list.
  readonly #hasher: SchemeHasher;
  readonly #members: Map<string, Member> = new Map();
  readonly #dead: Set<Member> = new Set();
  readonly #leaving: Set<Promise<void>> = new Set();
  #closed = false;

  /**
   * Makes a cluster of servers that are there.
   *
   * @throws UsageError when two have one name, or the scheme cannot have a weight.
   */
  constructor(servers: readonly ResolvedServer[], options: ClusterOptions) {
    this.#options = options;
    this.#hasher = new SchemeHasher(options.scheme, servers.map(({ node }) => node));
    for (const server of servers) this.#join(server);
  }

  /** All servers by their names, in their order. */
  get members(): ReadonlyMap<string, Member> {
    return this.#members;
  }

  /** The servers that have keys now: another list after each change. */
  get nodes(): readonly HashNode[] {
    return this.#hasher.nodes;
  }

  /** The server that has a key now; undefined when all are dead. */
  memberOf(key: Key): Member | undefined {
    const node = this.#hasher.nodeFor(key);
    return node === undefined ? undefined : this.#members.get(node.name);
  }

  /** Sends a command: see `Executor.execute`. */
  execute(command: Command, options?: ExecuteOptions): Promise<Reply> {
    if (this.#closed) return Promise.reject(closedError());
    try {
      checkObject('command', command);
      if (routeOf(command, options) !== undefined) {
        return this.executeWith(command, options, wholeReply, '');
      }
      if ('keys' in command && command.keys.length > 1) return this.#split(command, options);
      return this.#executeKeyless(command, options);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** @internal */
  executeWith<Result>(
    command: Command,
    options: ExecuteOptions | undefined,
    reader: Reader<Result>,
    key: ItemKey,
  ): Promise<Result> {
    if (this.#closed) return refused(reader, closedError());
    try {
      const route = routeOf(command, options);
      if (route === undefined) {
        const call = { key, options, deadline: Infinity };
        return executeThenRead(this, command, call, reader);
      }
      if (this.#dead.size > 0) this.#askDead();
      return this.#executeOn(this.memberOf(route), command, options, reader, key);
    } catch (error) {
      return refused(reader, error);
    }
  }

  /**
   * Adds a server, which takes over its part of the keys.
   *
   * @throws UsageError when there is one of that name, or the scheme cannot have its weight.
   */
  add(server: ResolvedServer): void {
    const { name } = server.node;
    if (this.#members.has(name)) {
      throw new UsageError('server', `${quoted(name)} is there already`);
    }
    this.#hasher.add(server.node);
    this.#join(server);
  }

  /**
   * Replaces the list of servers: those that stay keep their connections and their state, those
   * that leave first finish their pending commands.
   *
   * @throws UsageError when the scheme cannot have a weight.
   */
  arrange(servers: readonly ResolvedServer[]): void {
    // A list from elsewhere may name a server twice.
    const wanted = new Map(servers.map((server) => [server.node.name, server]));
    const before = new Map(this.#members);
    const dead = new Set([...this.#dead].map(({ node }) => node.name));
    const nodes = [...wanted.values()].map(({ node }) => node);
    this.#hasher.arrange(nodes.filter(({ name }) => !dead.has(name)));
    for (const name of before.keys()) if (!wanted.has(name)) void this.remove(name);
    this.#members.clear();
    for (const [name, server] of wanted) {
      const member = before.get(name);
      if (member === undefined) this.#join(server);
      else this.#members.set(name, member);
    }
  }

  /** Removes a server once its pending commands have ended; resolves with whether there was one. */
  async remove(name: string): Promise<boolean> {
    const member = this.#members.get(name);
    if (member === undefined) return false;
    this.#members.delete(name);
    this.#dead.delete(member);
    this.#hasher.remove(name);
    const closed = member.executor.close();
    member.status.leave(null);
    this.#leaving.add(closed);
    await closed.finally(() => this.#leaving.delete(closed));
    return true;
  }

  /** Closes all that it opened; resolves when that is done. */
  async close(): Promise<void> {
    this.#closed = true;
    const closed = [...this.#members.values()].map(({ executor }) => executor.close());
    await Promise.all([...closed, ...this.#leaving]);
  }

  #executeOn<Result>(
    member: Member | undefined,
    command: Command,
    options: ExecuteOptions | undefined,
    reader: Reader<Result>,
    key: ItemKey,
  ): Promise<Result> {
    if (member === undefined) return refuse(command, options, this.#allDown(), reader);
    const { health, executor, status } = member;
    if (health.state !== 'up') {
      const { clock } = this.#options;
      if (!health.isDue(clock.elapsed(), 'retryTimeout')) {
        const error = isDown(`${member.node.name} is`, health.cause);
        status.refused(error);
        return refuse(command, options, error, reader);
      }
      // The probe, sent with it, shows whether the server is back: a write without a reply shows
      // nothing.
      this.#ask(member);
    }
    const heard = health.onProbation ? confirming(health, reader) : reader;
    return executor.executeWith?.(command, options, heard, key) ??
      executeThenRead(executor, command, { key, options, deadline: Infinity }, heard);
  }

  async #split(command: ManyKeys, options: ExecuteOptions | undefined): Promise<Reply> {
    const { keys } = command;
    const items: (ValueItem | undefined)[] = [];
    const ask = async (indexes: readonly number[]): Promise<void> => {
      const part = indexes.map((index) => keys[index]!);
      const reply = await this.execute({ ...command, keys: part }, { ...options, route: part[0]! });
      eachItem(part, reply, (item, i) => {
        items[indexes[i]!] = item;
      });
    };
    await Promise.all([...groupByServer(keys, (key) => this.memberOf(key))].map(ask));
    return { type: 'values', items: items.filter((item) => item !== undefined) };
  }

  #executeKeyless(command: Command, options: ExecuteOptions | undefined): Promise<Reply> {
    const { verb } = command;
    const row = rowOf(verb);
    if (row?.meta !== true || row.keys !== 'none') {
      throw new UsageError('command', `${verb} has no key: it is for one server, or for each`);
    }
    const members = this.#hasher.nodes.map(({ name }) => this.#members.get(name));
    if (members.length === 0) return Promise.reject(this.#allDown());
    const replies = members.map((member) =>
      this.#executeOn(member, command, options, wholeReply, '')
    );
    return Promise.all(replies).then((all) => all[0]!);
  }

  #join(server: ResolvedServer): void {
    const { random } = this.#options;
    // The clients of this package also report to the status.
    const connect: ConnectWithStatus = this.#options.connect;
    const health = new Health(this.#options, random);
    const status = new ServerStatus(server.node.name, this.#options.onServer);
    const executor = connect(server.endpoint, (cause) => {
      // Once it is not up, the probes decide.
      if (health.state === 'up') this.#fail(member, cause);
    }, status);
    const member: Member = { ...server, executor, health, status };
    this.#members.set(server.node.name, member);
  }

  #askDead(): void {
    const now = this.#options.clock.elapsed();
    // While all servers are dead, a longer wait has no benefit.
    const wait = this.#hasher.nodes.length === 0 ? 'retryTimeout' : 'deadTimeout';
    for (const member of this.#dead) if (member.health.isDue(now, wait)) this.#ask(member);
  }

  #ask(member: Member): void {
    member.health.try();
    member.executor.execute(HEALTH_CHECK).then(
      () => this.#answer(member),
      (error: Error) => {
        const failed = error instanceof ConnectionError || error instanceof TimeoutError;
        // It was too early for another dial, so nothing was sent.
        if (failed && error.code === 'down') member.health.leave();
        // Any other error is an answer.
        else if (failed) this.#fail(member, error);
        else this.#answer(member);
      },
    );
  }

  #answer(member: Member): void {
    member.health.answer();
    if (this.#members.get(member.node.name) !== member) return;
    member.status.answered();
    if (this.#dead.delete(member)) {
      // Its old place: before all that come after it and are in the list.
      let at = 0;
      for (const other of this.#members.values()) {
        if (other === member) break;
        if (!this.#dead.has(other)) at++;
      }
      this.#hasher.add(member.node, at);
    }
  }

  #fail(member: Member, cause: Error): void {
    const { health, node } = member;
    health.fail(cause, this.#options.clock.elapsed());
    member.status.fail(cause);
    if (health.state !== 'dead' || this.#members.get(node.name) !== member) return;
    const wasThere = !this.#dead.has(member);
    this.#dead.add(member);
    this.#hasher.remove(node.name);
    if (wasThere) member.status.leave(cause);
  }

  #allDown(): ConnectionError {
    const [first] = this.#dead;
    const error = isDown('all servers are', first?.health.cause ?? null);
    // It is nobody's in particular.
    first?.status.refused(error);
    return error;
  }
}

function isDown(who: string, cause: Error | null): ConnectionError {
  const why = cause === null ? '' : `: ${cause.message}`;
  return withoutStack(() =>
    new ConnectionError(`${who} down${why}`, 'not-sent', cause ?? undefined, 'down')
  );
}

/** What a command goes by to its server: undefined where it has many keys, or none. */
function routeOf(command: Command, options: ExecuteOptions | undefined): Key | undefined {
  if (options?.route !== undefined) return options.route;
  if ('key' in command) return command.key;
  return 'keys' in command && command.keys.length === 1 ? command.keys[0] : undefined;
}

/** A reader that reports the replies of a server on probation. */
function confirming<Result>(health: Health, reader: Reader<Result>): Reader<Result> {
  return {
    ofReply(reply, call, connection) {
      if (reply.type !== 'silent') health.confirm();
      return reader.ofReply(reply, call, connection);
    },
    ofError(error) {
      if (reader.ofError === undefined) throw error;
      return reader.ofError(error);
    },
  };
}
