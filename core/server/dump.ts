// `metadump` and `mgdump`: all items, one by one.
import { toKey } from '../wire/item-lines.ts';
import { latin1 } from '../wire/bytes.ts';
import { clientError, EN, END, type Reply, type ReplyItem } from '../wire/reply.ts';
import { parseClasses } from './admin.ts';
import type { Engine } from './engine.ts';
import { BASE64, FETCHED } from './items.ts';
import { slabClass } from './slab-classes.ts';

/** A reply that comes item by item; it is returned when it is over. */
export type Dump = Iterator<ReplyItem, Reply>;

/** `lru_crawler metadump`: a line of facts for each item. */
export function metadump(engine: Engine, classes: string): Reply | Dump {
  const { store } = engine;
  const { items, started } = store;
  return dump(engine, 'metadump not allowed', classes, END, (item) => {
    const expire = items.expire(item);
    return {
      type: 'metadump',
      key: toKey(latin1(items.key(item))),
      exp: expire === 0 ? -1 : expire + started,
      la: items.time(item) + started,
      cas: items.cas(item),
      fetch: items.has(item, FETCHED),
      cls: slabClass(store.sizeOf(item)),
      size: store.sizeOf(item),
      flags: items.flags(item),
    };
  });
}

/** `lru_crawler mgdump`: an `mg` line for each item, ready to be sent to a server. */
export function mgdump(engine: Engine, classes: string): Reply | Dump {
  const { items } = engine.store;
  return dump(engine, 'key dump not allowed', classes, EN, (item) => {
    const key = items.key(item);
    return { type: 'mgdump', key: items.has(item, BASE64) ? key : toKey(latin1(key)) };
  });
}

function dump(
  engine: Engine,
  forbidden: string,
  classes: string,
  end: Reply,
  show: (item: number) => ReplyItem,
): Reply | Dump {
  if (!engine.crawler) return clientError('lru crawler disabled');
  if (!engine.options.allowDump) return { type: 'ERROR', message: forbidden };
  const wanted = parseClasses(classes, true);
  if (wanted === null) return { type: 'refused', message: 'BADCLASS invalid class id' };
  engine.store.counters.lru_crawler_starts++;
  return walk(engine, wanted, end, show);
}

function* walk(
  engine: Engine,
  wanted: (cls: number) => boolean,
  end: Reply,
  show: (item: number) => ReplyItem,
): Dump {
  const { store } = engine;
  const { items } = store;
  for (let item = items.scan(1); item !== 0; item = items.scan(item + 1)) {
    if (store.isExpired(item) || store.isFlushed(item)) continue;
    if (wanted(slabClass(store.sizeOf(item)))) yield show(item);
  }
  return end;
}
