// A memcached as a test of caches needs it: the engine of the embedded server, its clock and its item.
import { type ItemSigns, stateTable } from '../../core/client/cache/item.ts';
import type { Clock } from '../../core/io/clock.ts';
import { Engine } from '../../core/server/engine.ts';
import { STALE, TOKEN_SENT } from '../../core/server/items.ts';
import { Session } from '../../core/server/session.ts';
import { fromLatin1, latin1 } from '../../core/wire/bytes.ts';
import type { Command } from '../../core/wire/command.ts';
import { isItem, type Reply } from '../../core/wire/reply.ts';

/** The one key of such a test. */
export const KEY = 'k';
/** A store with little memory is made in little time. */
const MEMORY = 4 * 1024;
/** The client flags of a text. */
const TEXT = 16;

/** What surrounds a server. */
interface HostWorld {
  /** Milliseconds since 1970. */
  readonly now: number;
  /** How often a reader has entered each row of the state table. */
  readonly rows: number[];
  readonly options: { readonly policy: { readonly grace?: number | undefined } };
}

/** A memcached. */
export class Host {
  readonly #world: HostWorld;
  #engine!: Engine;
  #session!: Session;
  #shift = 0;
  /** The highest version of an item so far. */
  lastCas = 0n;

  constructor(world: HostWorld) {
    this.#world = world;
    this.start();
  }

  start(): void {
    const clock = serverClock(() => this.#world.now + this.#shift);
    this.#engine = new Engine({ memory: MEMORY, random: () => 0.5 }, clock);
    this.#session = new Session(this.#engine, { id: 1, address: 'memory', lastCommand: 0 });
    this.lastCas = 0n;
  }

  /** Its clock is set to another time. */
  jump(milliseconds: number): void {
    this.#shift += milliseconds;
  }

  handle(command: Command): Reply {
    this.#session.tick(this.#world.now + this.#shift);
    const answer = this.#session.handle(command);
    if (isItem(answer as Reply) || 'next' in answer) throw new Error('no reply');
    const reply = ownReply(answer as Reply);
    this.#count(reply, command);
    const item = this.#item;
    const cas = item === 0 ? 0n : this.#engine.store.items.cas(item);
    if (cas > this.lastCas) this.lastCas = cas;
    return reply;
  }

  /** Stores a value, as another program would. */
  store(value: string, expire: number, flags: number = TEXT): void {
    this.#session.tick(this.#world.now + this.#shift);
    this.#session.handle({ verb: 'set', key: KEY, value, flags, expire, noreply: false });
    this.lastCas++;
  }

  /** Invalidates the item, as another program would. */
  invalidate(expire: number): void {
    const flags = ['I', `T${expire}`];
    this.#session.handle({ verb: 'md', key: KEY, base64: false, flags });
    this.lastCas++;
  }

  evict(): void {
    const item = this.#item;
    if (item !== 0) this.#engine.store.remove(item);
  }

  get #item(): number {
    const { store } = this.#engine;
    store.tick(this.#world.now + this.#shift);
    const item = store.items.find(fromLatin1(KEY));
    return item !== 0 && store.isLive(item) ? item : 0;
  }

  /** The value of the item, if it is fresh. */
  get fresh(): string | undefined {
    const item = this.#item;
    const { items, now } = this.#engine.store;
    if (item === 0 || items.has(item, STALE) || items.length(item) === 0) return undefined;
    const expire = items.expire(item);
    const { grace = 0 } = this.#world.options.policy;
    if (expire !== 0 && expire - now <= grace) return undefined;
    return latin1(items.value(item, false));
  }

  /** Whether there is an item that is no placeholder. */
  get hasValue(): boolean {
    const item = this.#item;
    return item !== 0 && this.#engine.store.items.length(item) > 0;
  }

  /** When the item ends; Infinity for never. */
  get end(): number {
    const item = this.#item;
    const { items, started } = this.#engine.store;
    const expire = item === 0 ? 0 : items.expire(item);
    return expire === 0 ? Infinity : (started + expire) * 1000 - this.#shift;
  }

  get hasItem(): boolean {
    return this.#item !== 0;
  }

  /** Whether it was invalidated. */
  get isStale(): boolean {
    const item = this.#item;
    return item !== 0 && this.#engine.store.items.has(item, STALE);
  }

  get itemText(): string {
    const item = this.#item;
    if (item === 0) return `none ${this.lastCas}`;
    const { items, now } = this.#engine.store;
    const expire = items.expire(item);
    const marks = `${items.has(item, STALE) ? 'X' : ''}${items.has(item, TOKEN_SENT) ? 'Z' : ''}`;
    const value = latin1(items.value(item, false));
    const left = expire === 0 ? -1 : expire - now;
    return `${value} f${items.flags(item)} c${items.cas(item)} t${left} ${marks} ${this.lastCas}`;
  }

  // Which row of the state table a reader enters.
  #count(reply: Reply, command: Command): void {
    const isRead = command.verb === 'mg' && command.flags.some((flag) => flag.startsWith('N'));
    const isText = command.verb === 'gets' && reply.type === 'values' && reply.items.length > 0;
    if (!(isRead && reply.type === 'VA') && !isText) return;
    const { policy: { grace = 0 } } = this.#world.options;
    const row = stateTable.findIndex(([holds]) => holds(signsOf(reply), grace));
    this.#world.rows[row]!++;
  }
}

function serverClock(now: () => number): Clock {
  return {
    now,
    elapsed: now,
    after: () => () => {},
    yield: (call) => void Promise.resolve().then(call),
  };
}

export function signsOf(reply: Reply): ItemSigns {
  const none = { ttl: Infinity, won: false, taken: false, invalid: false };
  if (reply.type === 'values') {
    const { value, flags } = reply.items[0]!;
    return { ...none, size: value.length, flags };
  }
  if (reply.type !== 'VA') throw new Error('no value');
  const word = (letter: string): string | undefined =>
    reply.flags.find((flag) => flag.startsWith(letter))?.slice(1);
  const ttl = Number(word('t'));
  return {
    size: reply.value.length,
    flags: Number(word('f')),
    ttl: ttl < 0 ? Infinity : ttl,
    won: word('W') !== undefined,
    taken: word('Z') !== undefined,
    invalid: word('X') !== undefined,
  };
}

// Values are views of the store's memory.
function ownReply(reply: Reply): Reply {
  if (reply.type === 'VA') return { ...reply, value: reply.value.slice() };
  if (reply.type !== 'values') return reply;
  return { ...reply, items: reply.items.map((item) => ({ ...item, value: item.value.slice() })) };
}
