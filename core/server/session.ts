// One connection's use of the engine: commands in, answers out.
import { utf8 } from '../wire/bytes.ts';
import type { CasCommand, Command, Key, StoreCommand } from '../wire/command.ts';
import type { StorageHeader } from '../wire/decode-command.ts';
import { keyBytes } from '../wire/key.ts';
import { type Output, REFERENCE_SIZE } from '../wire/output.ts';
import type { PlainRequest } from '../wire/plain-request.ts';
import {
  clientError,
  CLOSED,
  DELETED,
  ERROR,
  type ErrorReply,
  EXISTS,
  MN,
  NOT_FOUND,
  NOT_STORED,
  OK,
  OPENED,
  type Reply,
  type ReplyItem,
  serverError,
  SILENT,
  STORED,
  TOUCHED,
  type ValueItem,
} from '../wire/reply.ts';
import { Admission, OUT_OF_MEMORY } from './admission.ts';
import { config, lru, lruCrawler, memlimit, slabs } from './admin.ts';
import type { PlainExecutor } from '../wire/server-connection.ts';
import { isGranted } from '../wire/credentials.ts';
import { type Dump, metadump, mgdump } from './dump.ts';
import type { ConnectionFacts, Engine } from './engine.ts';
import { metaArithmetic, metaDebug, metaDelete, metaGet, metaSet } from './meta.ts';
import { stats } from './stats.ts';
import { logNames, type Watcher } from './watchers.ts';

// One for all, not one for each connection.
const noLine = (): boolean => false;

/**
 * The answer of a session to a command: a reply; the item that opens a watch, after which lines
 * come through `onLine`; or a dump to be taken item by item.
 */
export type Answer = Reply | ReplyItem | Dump;

/**
 * The values in one reply may have as many bytes as all items together, and at least this many. Only a
 * `get` that repeats a key has more, and could use up the memory of the process.
 */
const MIN_REPLY = 64 * 1024 * 1024;

/** The approximate memory of a value in a reply, without its bytes. */
const ITEM_COST = 64;

/**
 * One connection's use of the engine: commands in, answers out, synchronously.
 *
 * A value in a reply may be a view of the store's memory. It is valid until the next command.
 */
export class Session implements PlainExecutor {
  readonly request: PlainRequest;
  /** Takes the lines of a watch; false when they cannot be taken now. */
  onLine: (line: string) => boolean = noLine;
  readonly #engine: Engine;
  readonly #facts: ConnectionFacts;
  #watcher: Watcher | null = null;
  #elapsed = 0;
  readonly #admission: Admission;

  constructor(engine: Engine, facts: ConnectionFacts) {
    this.#engine = engine;
    this.#facts = facts;
    this.#admission = new Admission(engine);
    this.request = engine.plain.request;
    engine.connections.add(facts);
  }

  /**
   * Sets the time for the commands that follow, once for all that arrived together.
   *
   * @param elapsed Monotonic milliseconds.
   */
  tick(elapsed: number): void {
    this.#elapsed = elapsed;
    this.#engine.store.tick(elapsed);
    this.#engine.watchers.connection = this.#facts.id;
  }

  /** Refuses a value before it is read; see `Admission`. Pass it to the connection. */
  admit(header: StorageHeader, length: number): ErrorReply | null {
    return this.#admission.admit(header, length);
  }

  /** The value that was announced has arrived, or will not. */
  release(): void {
    this.#admission.release();
  }

  /** Executes a plain request; see `PlainRequests`. */
  execute(output: Output): boolean {
    const { plain, detail } = this.#engine;
    // As for a command: the memory that was reserved for an arriving value is not needed any more.
    this.release();
    if (detail || !plain.execute(output)) return false;
    this.#facts.lastCommand = this.#elapsed;
    return true;
  }

  /** Executes a command. */
  handle(command: Command): Answer {
    const engine = this.#engine;
    this.#facts.lastCommand = this.#elapsed;
    this.release();
    const { store, options } = engine;
    switch (command.verb) {
      case 'get':
      case 'gets':
        return this.#get(command.keys, command.verb === 'gets');
      case 'gat':
      case 'gats': {
        const expire = store.expireAt(command.expire);
        return this.#get(command.keys, command.verb === 'gats', expire);
      }
      case 'set':
      case 'add':
      case 'replace':
      case 'append':
      case 'prepend':
        return this.#store(command, 0n);
      case 'cas':
        return this.#store(command, command.cas);
      case 'mg':
        return metaGet(engine, command);
      case 'ms':
        return metaSet(engine, command);
      case 'md':
        return metaDelete(engine, command);
      case 'ma':
        return metaArithmetic(engine, command);
      case 'me':
        return metaDebug(engine, command);
      case 'mn':
        return MN;
      case 'delete':
        return this.#delete(keyBytes(command.key));
      case 'incr':
      case 'decr':
        return this.#delta(keyBytes(command.key), command.verb === 'incr', command.delta);
      case 'touch':
        return this.#touch(keyBytes(command.key), store.expireAt(command.expire));
      case 'version':
        return { type: 'VERSION', version: options.version };
      case 'quit':
        return CLOSED;
      case 'verbosity':
        engine.verbosity = Math.min(command.level, 2);
        return OK;
      case 'flush_all':
        store.counters.cmd_flush++;
        if (!options.allowFlush) return clientError('flush_all not allowed');
        store.flush(command.delay);
        return OK;
      case 'cache_memlimit':
        return memlimit(engine, command.megabytes);
      case 'shutdown':
        if (!options.allowShutdown) return { type: 'ERROR', message: ': shutdown not enabled' };
        engine.onShutdown(command.graceful);
        return CLOSED;
      case 'stats':
        return stats(engine, command.words);
      case 'slabs':
        return obeyNoreply(command.words, (words) => slabs(words));
      case 'lru':
        return obeyNoreply(command.words, (words) => lru(words));
      case 'lru_crawler':
        return lruCrawler(engine, command.words);
      case 'lru_crawler metadump':
        return metadump(engine, command.words[0] ?? '');
      case 'lru_crawler mgdump':
        return mgdump(engine, command.words[0] ?? '');
      case 'watch':
        return this.#watch(command.words);
      case 'refresh_certs': {
        const refresh = options.refreshCertificates;
        const problem = refresh === null ? 'Error TLS not enabled' : refresh();
        return problem === null ? OK : { type: 'refused', message: problem };
      }
      case 'auth':
        return this.#authenticate(command.username, command.password);
      case 'raw':
        if (/^ *shutdown /.test(command.line)) {
          return options.allowShutdown
            ? clientError('invalid shutdown mode')
            : { type: 'ERROR', message: ': shutdown not enabled' };
        }
        return ERROR;
      case 'config get':
        return config(engine, command.words);
      case 'extstore':
        return ERROR;
    }
  }

  /** Ends the session. */
  close(): void {
    this.release();
    this.unwatch();
    this.#engine.connections.delete(this.#facts);
  }

  /** Ends the watch, if there is one. */
  unwatch(): void {
    if (this.#watcher !== null) this.#engine.watchers.remove(this.#watcher);
    this.#watcher = null;
  }

  #get(keys: readonly Key[], withCas: boolean, expire: number | null = null): Reply {
    const { store, memory, detail, prefixes } = this.#engine;
    const { items, counters } = store;
    let found: ValueItem[] = [];
    let room = Math.max(memory, MIN_REPLY);
    for (const key of keys) {
      const bytes = keyBytes(key);
      const item = store.find(bytes);
      const hit = item !== 0;
      if (detail) prefixes.record(bytes, 'get', hit);
      if (expire === null) {
        counters.cmd_get++;
        if (hit) counters.get_hits++;
        else counters.get_misses++;
      } else {
        counters.cmd_touch++;
        if (hit) counters.touch_hits++;
        else counters.touch_misses++;
      }
      if (!hit) continue;
      store.bump(item);
      if (expire !== null) items.setExpire(item, expire);
      const length = items.length(item);
      room -= length + ITEM_COST;
      if (room < 0) return serverError('out of memory writing get response');
      const one: ValueItem = {
        key,
        flags: items.flags(item),
        // A value that is sent by reference must not lie in memory that is reused.
        value: items.value(item, length >= REFERENCE_SIZE),
        cas: withCas ? items.cas(item) : undefined,
      };
      // An empty list that is pushed to reserves room for 16, which nearly every get has no use for.
      if (found.length === 0) found = [one];
      else found.push(one);
    }
    return { type: 'values', items: found };
  }

  #store(command: StoreCommand | CasCommand, cas: bigint): Reply {
    const { store, detail, prefixes } = this.#engine;
    const key = keyBytes(command.key);
    const { value } = command;
    if (detail) prefixes.record(key, 'set');
    store.counters.cmd_set++;
    const { status } = store.store({
      mode: command.verb,
      key,
      value: typeof value === 'string' ? utf8(value) : value,
      flags: command.flags,
      expire: store.expireAt(command.expire),
      cas,
      newCas: null,
      allowStale: false,
      vivify: null,
      base64: false,
    });
    switch (status) {
      case 'stored':
        return STORED;
      case 'not_stored':
        return NOT_STORED;
      case 'exists':
        return EXISTS;
      case 'not_found':
        return NOT_FOUND;
      case 'no_memory':
        store.counters.store_no_memory++;
        return serverError(OUT_OF_MEMORY);
    }
  }

  #delete(key: Uint8Array): Reply {
    const { store, detail, prefixes } = this.#engine;
    if (detail) prefixes.record(key, 'del');
    const item = store.find(key);
    if (item === 0) {
      store.counters.delete_misses++;
      return NOT_FOUND;
    }
    store.counters.delete_hits++;
    store.log?.deleted(item, 'delete');
    store.remove(item);
    return DELETED;
  }

  #delta(key: Uint8Array, increment: boolean, delta: bigint): Reply {
    const { store } = this.#engine;
    const item = store.find(key);
    if (item === 0) {
      if (increment) store.counters.incr_misses++;
      else store.counters.decr_misses++;
      return NOT_FOUND;
    }
    const outcome = store.delta(item, increment, delta, 0n, null);
    if (outcome === 'non-numeric') {
      return clientError('cannot increment or decrement non-numeric value');
    }
    if (outcome === 'no-memory' || outcome === 'exists') return serverError('out of memory');
    return { type: 'number', value: BigInt(outcome.value) };
  }

  #touch(key: Uint8Array, expire: number): Reply {
    const { store } = this.#engine;
    const { counters } = store;
    const item = store.find(key);
    counters.cmd_touch++;
    if (item === 0) {
      counters.touch_misses++;
      return NOT_FOUND;
    }
    counters.touch_hits++;
    store.bump(item);
    store.items.setExpire(item, expire);
    return TOUCHED;
  }

  #watch(words: readonly string[]): Answer {
    const { options, watchers } = this.#engine;
    if (!options.allowWatch) return clientError('watch commands not allowed');
    if (words.some((word) => !logNames.has(word))) return ERROR;
    const logs = new Set(words.length === 0 ? ['fetchers'] : words);
    const watcher = { logs, write: (line: string) => this.onLine(line), skipped: 0 };
    if (!watchers.add(watcher)) {
      return { type: 'refused', message: 'WATCHER_TOO_MANY log watcher limit reached' };
    }
    this.#watcher = watcher;
    return OPENED;
  }

  #authenticate(username: string, password: string): Reply {
    const { options, store } = this.#engine;
    store.counters.auth_cmds++;
    if (isGranted(options.credentials ?? new Map(), username, password)) return STORED;
    store.counters.auth_errors++;
    return clientError('authentication failure');
  }
}

function obeyNoreply(words: readonly string[], run: (words: readonly string[]) => Reply): Reply {
  const reply = run(words);
  return words.at(-1) === 'noreply' ? SILENT : reply;
}
