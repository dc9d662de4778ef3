// The meta commands of the embedded server.
import { EMPTY, fromLatin1 } from '../wire/bytes.ts';
import type { MetaCommand, MetaDebugCommand, MetaSetCommand } from '../wire/command.ts';
import { keyBytes } from '../wire/key.ts';
import { REFERENCE_SIZE } from '../wire/output.ts';
import {
  clientError,
  EN,
  type MetaReply,
  type MetaValueReply,
  type Reply,
  serverError,
} from '../wire/reply.ts';
import { OUT_OF_MEMORY } from './admission.ts';
import type { Engine } from './engine.ts';
import { clientFlags, MetaArguments } from './meta-arguments.ts';
import { fitsLine, plainReply, pushKey } from './meta-reply.ts';
import { BASE64, FETCHED, STALE, TOKEN_SENT } from './items.ts';
import { slabClass } from './slab-classes.ts';
import type { Store, StoreMode } from './store.ts';

/** `mg`: the one command that reads, touches, vivifies and hands out recache tokens. */
export function metaGet(engine: Engine, command: MetaCommand): Reply {
  const { store } = engine;
  const { items } = store;
  const key = keyBytes(command.key);
  const flags = new MetaArguments(command.flags, store);
  const vivify = flags.expire('N');
  let item = store.find(key);
  const created = item === 0 && vivify !== null;
  if (created) item = store.create(key, EMPTY, 0, 0, flags.u64('E'));
  if (item === 0) {
    // A miss counts for get, even if a hit would have counted for touch.
    count(engine, false, false);
    return plainReply('EN', command, key);
  }

  const tokens: string[] = [];
  let won = false;
  let touched = false;
  for (const flag of command.flags) {
    switch (flag.charAt(0)) {
      case 'T':
        touched = true;
        items.setExpire(item, flags.expire('T') ?? 0);
        break;
      case 'N':
        if (created) {
          items.setExpire(item, vivify ?? 0);
          won = true;
        }
        break;
      case 'R': {
        const expire = items.expire(item);
        const limit = flags.expire('R') ?? 0;
        if (!items.has(item, TOKEN_SENT) && !created && expire !== 0 && expire < limit) won = true;
        break;
      }
      default:
        pushField(tokens, flag, store, item, key);
    }
  }
  if (items.has(item, TOKEN_SENT)) tokens.push('Z');
  if (items.has(item, STALE)) {
    tokens.push('X');
    if (!items.has(item, TOKEN_SENT)) won = true;
  }
  if (won) {
    tokens.push('W');
    items.mark(item, TOKEN_SENT);
  }
  if (!flags.has('u')) store.bump(item);
  count(engine, touched, true);
  const same = flags.u64('C');
  if (!flags.has('v') || (same !== null && same === items.cas(item))) {
    return { type: 'HD', flags: tokens };
  }
  // A value that is sent by reference must not lie in memory that is reused.
  const value = items.value(item, items.length(item) >= REFERENCE_SIZE);
  return { type: 'VA', flags: tokens, value };
}

// Adds the field of an item that a flag of `mg` requests.
function pushField(
  tokens: string[],
  flag: string,
  store: Store,
  item: number,
  key: Uint8Array,
): void {
  const { items } = store;
  switch (flag.charAt(0)) {
    case 's':
      tokens.push(`s${items.length(item)}`);
      break;
    case 't':
      tokens.push(ttl(store, item));
      break;
    case 'c':
      tokens.push(`c${items.cas(item)}`);
      break;
    case 'f':
      tokens.push(`f${items.flags(item)}`);
      break;
    case 'l':
      tokens.push(`l${store.now - items.time(item)}`);
      break;
    case 'h':
      tokens.push(items.has(item, FETCHED) ? 'h1' : 'h0');
      break;
    case 'O':
      tokens.push(flag);
      break;
    case 'k':
      pushKey(tokens, key, items.has(item, BASE64));
      break;
  }
}

// The decoder has made sure that there is no other.
const modes: Readonly<Record<string, StoreMode>> = {
  E: 'add',
  A: 'append',
  P: 'prepend',
  R: 'replace',
  S: 'set',
};

/** `ms`: stores in every mode. */
export function metaSet(engine: Engine, command: MetaSetCommand): Reply {
  const { store } = engine;
  const key = keyBytes(command.key);
  const flags = new MetaArguments(command.flags, store);
  const compare = flags.u64('C');
  const named = flags.text('M');
  let mode = named === undefined ? 'set' : modes[named]!;
  // A cas makes these two the same; add ignores it, append and prepend compare it themselves.
  if (compare !== null && (mode === 'set' || mode === 'replace')) mode = 'cas';
  store.counters.cmd_set++;
  if (engine.detail) engine.prefixes.record(key, 'set');
  const { status, item } = store.store({
    mode,
    key,
    value: keyBytes(command.value),
    flags: clientFlags(command.flags),
    expire: flags.expire('T') ?? 0,
    cas: compare ?? 0n,
    // The number 0 means the next one here, and 0 in the other meta commands.
    newCas: flags.u64('E') || null,
    allowStale: flags.has('I'),
    vivify: flags.expire('N'),
    base64: command.base64,
  });
  switch (status) {
    case 'stored':
      return metaStored('HD', store, command, key, item);
    case 'exists':
      return metaStored('EX', store, command, key, item);
    case 'not_found':
      return metaStored('NF', store, command, key, item);
    case 'not_stored':
      return metaStored('NS', store, command, key, item);
    case 'no_memory':
      store.counters.store_no_memory++;
      return serverError(OUT_OF_MEMORY);
  }
}

function metaStored(
  type: MetaReply['type'],
  store: Store,
  command: MetaSetCommand,
  key: Uint8Array,
  item: number,
): Reply {
  const tokens: string[] = [];
  for (const flag of command.flags) {
    if (flag[0] === 'O') tokens.push(flag);
    else if (flag[0] === 'k') pushKey(tokens, key, command.base64);
    else if (flag[0] === 'c') tokens.push(`c${item === 0 ? 0 : store.items.cas(item)}`);
    else if (flag[0] === 's') {
      tokens.push(`s${item === 0 ? command.value.length : store.items.length(item)}`);
    }
  }
  return { type, flags: tokens };
}

/** `md`: deletes, or marks stale, or empties. */
export function metaDelete(engine: Engine, command: MetaCommand): Reply {
  const { store } = engine;
  const { items, counters } = store;
  const key = keyBytes(command.key);
  const flags = new MetaArguments(command.flags, store);
  let item = store.find(key);
  if (item === 0) {
    counters.delete_misses++;
    return plainReply('NF', command, key);
  }
  const compare = flags.u64('C');
  const cas = items.cas(item);
  if (compare !== null && compare !== cas) {
    counters.delete_misses++;
    return plainReply('EX', command, key);
  }
  const newCas = flags.u64('E');
  if (flags.has('x')) {
    // An item that cannot be emptied stays as it is.
    items.renew(item);
    const room = store.reserve(key.length, clientFlags(command.flags), 0);
    if (room === null) return serverError('out of memory');
    store.release(room);
    item = store.store({
      mode: 'set',
      key,
      value: EMPTY,
      flags: clientFlags(command.flags),
      expire: flags.expire('T') ?? 0,
      cas: 0n,
      newCas: newCas ?? cas,
      allowStale: false,
      vivify: null,
      base64: false,
    }).item;
  }
  if (flags.has('I')) {
    const expire = flags.expire('T');
    if (expire !== null) items.setExpire(item, expire);
    items.mark(item, STALE);
    // The next reader may win again.
    items.unmark(item, TOKEN_SENT);
    items.setCas(item, newCas ?? store.nextCas());
  } else {
    counters.delete_hits++;
    store.log?.deleted(item, 'md');
    if (!flags.has('x')) store.remove(item);
  }
  return plainReply('HD', command, key);
}

/** `ma`: adds and subtracts. */
export function metaArithmetic(engine: Engine, command: MetaCommand): Reply {
  const { store } = engine;
  const { items, counters } = store;
  const key = keyBytes(command.key);
  const flags = new MetaArguments(command.flags, store);
  const mode = flags.text('M');
  const increment = mode === undefined || mode === 'I' || mode === '+';
  const compare = flags.u64('C') ?? 0n;
  const newCas = flags.u64('E');
  const vivify = flags.expire('N');
  let item = store.find(key);
  let value: string;
  const created = item === 0;
  if (created) {
    if (vivify === null) {
      if (increment) counters.incr_misses++;
      else counters.decr_misses++;
      return plainReply('NF', command, key);
    }
    value = String(flags.u64('J') ?? 0n);
    item = store.create(key, fromLatin1(value), 0, 0, newCas);
    if (item === 0) return serverError('Out of memory allocating new item');
    store.log?.stored(key, 'stored', 'add', 0, 0, value.length);
  } else {
    const outcome = store.delta(item, increment, flags.u64('D') ?? 1n, compare, newCas);
    if (outcome === 'exists') return plainReply('EX', command, key);
    if (outcome === 'non-numeric') {
      return clientError('cannot increment or decrement non-numeric value');
    }
    if (outcome === 'no-memory') return serverError('out of memory');
    value = outcome.value;
    item = outcome.item;
  }

  const tokens: string[] = [];
  for (const flag of command.flags) {
    switch (flag.charAt(0)) {
      case 'c':
        tokens.push(`c${items.cas(item)}`);
        break;
      case 't':
        tokens.push(ttl(store, item));
        break;
      case 'T':
        items.setExpire(item, flags.expire('T') ?? 0);
        break;
      case 'N':
        if (created) items.setExpire(item, vivify ?? 0);
        break;
      case 'O':
        tokens.push(flag);
        break;
      case 'k':
        pushKey(tokens, key, command.base64);
        break;
    }
  }
  const reply: MetaReply | MetaValueReply = flags.has('v')
    ? { type: 'VA', flags: tokens, value: fromLatin1(value) }
    : { type: 'HD', flags: tokens };
  // memcached before 1.6.40 ignores the q of an `ma` that vivifies.
  return created ? { ...reply, unasked: true } : reply;
}

/** `me`: the metadata of an item. */
export function metaDebug(engine: Engine, command: MetaDebugCommand): Reply {
  const { store } = engine;
  const { items } = store;
  store.counters.cmd_meta++;
  const key = keyBytes(command.key);
  const item = store.find(key);
  if (item === 0) return EN;
  const expire = items.expire(item);
  return {
    type: 'ME',
    base64: items.has(item, BASE64) || !fitsLine(key),
    key: command.key,
    exp: expire === 0 ? -1 : expire - store.now,
    la: store.now - items.time(item),
    cas: items.cas(item),
    fetch: items.has(item, FETCHED),
    cls: slabClass(store.sizeOf(item)),
    size: store.sizeOf(item),
    flags: undefined,
  };
}

// The server prints it as an unsigned number, also where it has expired already.
function ttl(store: Store, item: number): string {
  const expire = store.items.expire(item);
  return expire === 0 ? 't-1' : `t${(expire - store.now) >>> 0}`;
}

function count(engine: Engine, touch: boolean, hit: boolean): void {
  const { counters } = engine.store;
  if (touch) {
    counters.cmd_touch++;
    if (hit) counters.touch_hits++;
    else counters.touch_misses++;
  } else {
    counters.cmd_get++;
    if (hit) counters.get_hits++;
    else counters.get_misses++;
  }
}
