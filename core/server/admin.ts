import { int32, uint32 } from '../wire/numbers.ts';
import { writeClusterConfig } from '../wire/cluster-config.ts';
import { clientError, END, ERROR, OK, type Reply } from '../wire/reply.ts';
import type { Engine } from './engine.ts';

// The commands that tune memcached's slabs, LRU and crawler. The embedded server has one arena and
// one LRU, so these commands are checked and answered as in memcached, and have no effect.

const MAX_CLASSES = 64;
const refused = (message: string): Reply => ({ type: 'refused', message });
const badFormat = clientError('bad command line format');

/** `slabs reassign` and `slabs automove`. */
export function slabs(words: readonly string[]): Reply {
  if (words[0] === 'reassign' && words.length === 3) {
    const source = int32(words[1]!);
    const target = int32(words[2]!);
    if (source === null || target === null) return badFormat;
    if (source === target) return refused('SAME src and dst class are identical');
    if (Math.max(source, target) >= MAX_CLASSES || Math.min(source, target) < -1) {
      return refused('BADCLASS invalid src or dst class id');
    }
    return refused('NOSPARE source class has no spare pages');
  }
  if (words[0] !== 'automove' || words.length < 2) return ERROR;
  if (words[1] === 'ratio' || words[1] === 'freeratio') {
    return decimal(words[2]) === null ? ERROR : OK;
  }
  if (words[1] === 'window') return uint32(words[2] ?? '') === null ? badFormat : OK;
  const level = uint32(words[1]!);
  if (level === null) return badFormat;
  return level <= 2 ? OK : ERROR;
}

/** `lru tune`, `lru mode` and `lru temp_ttl`. */
export function lru(words: readonly string[]): Reply {
  const [what, first = '', second = '', third, fourth] = words;
  switch (what) {
    case 'tune': {
      const hot = uint32(first);
      const warm = uint32(second);
      const [hotFactor, warmFactor] = [decimal(third), decimal(fourth)];
      if (hot === null || warm === null || hotFactor === null || warmFactor === null) return ERROR;
      if (hot + warm > 80) {
        return { type: 'ERROR', message: 'hot and warm pcts must not exceed 80' };
      }
      if (hotFactor > 0 && warmFactor > 0) return OK;
      return { type: 'ERROR', message: 'hot/warm age factors must be greater than 0' };
    }
    case 'mode':
      return first === 'flat' || first === 'segmented' ? OK : ERROR;
    case 'temp_ttl':
      return int32(first) === null ? ERROR : OK;
    default:
      return ERROR;
  }
}

/** `lru_crawler`, except for the dumps. */
export function lruCrawler(engine: Engine, words: readonly string[]): Reply {
  const [what, argument = ''] = words;
  if (words.length === 1) {
    if (what === 'enable') {
      if (engine.crawler) return { type: 'ERROR', message: 'failed to start lru crawler thread' };
      engine.crawler = true;
      return OK;
    }
    if (what !== 'disable') return ERROR;
    engine.crawler = false;
    return OK;
  }
  if (words.length !== 2) return ERROR;
  switch (what) {
    case 'crawl': {
      if (!engine.crawler) return clientError('lru crawler disabled');
      const wanted = parseClasses(argument, false);
      if (argument === 'hash') return { type: 'ERROR', message: 'an unknown error happened' };
      if (wanted === null) return refused('BADCLASS invalid class id');
      const { store } = engine;
      store.counters.lru_crawler_starts++;
      store.crawl(wanted);
      return OK;
    }
    case 'tocrawl': {
      const count = uint32(argument);
      if (count === null) return badFormat;
      engine.crawlerTocrawl = count;
      return OK;
    }
    case 'sleep': {
      const microseconds = uint32(argument);
      if (microseconds === null) return badFormat;
      if (microseconds > 1_000_000) return clientError('sleep must be one second or less');
      engine.crawlerSleep = microseconds;
      return OK;
    }
    default:
      return ERROR;
  }
}

/** Which slab classes `all`, `hash` or a list of ids names; null when it names none. */
export function parseClasses(text: string, hash: boolean): ((cls: number) => boolean) | null {
  if (text === 'all' || (hash && text === 'hash')) return () => true;
  const ids = new Set<number>();
  for (const part of text.split(',')) {
    if (part === '') continue;
    const id = uint32(part);
    if (id === null || id < 1 || id >= MAX_CLASSES) return null;
    ids.add(id);
  }
  return (cls) => ids.has(cls);
}

/** `cache_memlimit`. */
export function memlimit(engine: Engine, megabytes: number): Reply {
  if (megabytes < 8) return refused('MEMLIMIT_TOO_SMALL cannot set maxbytes to less than 8m');
  if (megabytes > 1_000_000_000) {
    return refused('MEMLIMIT_ADJUST_FAILED input value is megabytes not bytes');
  }
  const memory = megabytes * 1024 * 1024;
  try {
    engine.store.resize(memory);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return refused('MEMLIMIT_ADJUST_FAILED out of bounds or unable to adjust');
  }
  engine.memory = memory;
  return OK;
}

/** `config get`, which memcached does not know and managed services do. */
export function config({ options }: Engine, words: readonly string[]): Reply {
  if (options.cluster === null) return ERROR;
  const [name = ''] = words;
  if (name !== 'cluster') return END;
  return { type: 'CONFIG', name, flags: 0, value: writeClusterConfig(options.cluster()) };
}

// As C's strtod: white space may come first and ends the number.
function decimal(text = ''): number | null {
  const found = /^[ \t\n\v\f\r]*[+-]?(\d+\.?\d*|\.\d+)(?=$|[ \t\n\v\f\r])/.exec(text);
  return found === null ? null : Number(found[0]);
}
