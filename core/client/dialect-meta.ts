import type { Dialect, StoreMode, WriteFields } from './dialect.ts';
import { textDialect } from './dialect-text.ts';

const READ = ['v', 'f'];
const READ_CAS = ['v', 'f', 'c'];
const QUIET = ['q'];
const NO_FLAGS: string[] = [];

const modes: Readonly<Record<StoreMode, string | null>> = {
  set: null,
  add: 'ME',
  replace: 'MR',
  append: 'MA',
  prepend: 'MP',
};

/**
 * Meta commands: each reply proves by its opaque whose it is, any key can be sent, and servers
 * before 1.6.35 answer pipelined reads several times faster than in the classic dialect.
 */
export const metaDialect: Dialect = {
  reportsQuietFailures: true,

  get: ({ key, base64 }, withCas) => ({
    verb: 'mg',
    key,
    base64,
    flags: withCas ? READ_CAS : READ,
  }),

  getAndTouch: ({ key, base64 }, withCas, expire) => ({
    verb: 'mg',
    key,
    base64,
    flags: [...(withCas ? READ_CAS : READ), `T${expire}`],
  }),

  // A classic get for many keys costs the server and the wire about half of as many mg.
  getMany: (keys, withCas) =>
    keys.some(({ base64 }) => base64) ? null : textDialect.getMany(keys, withCas),

  store(mode, { key, base64 }, value, fields) {
    const flags = writeFlags(fields);
    const letter = modes[mode];
    if (letter !== null) flags.push(letter);
    return { verb: 'ms', key, base64, value, flags };
  },

  cas({ key, base64 }, value, cas, fields) {
    return { verb: 'ms', key, base64, value, flags: [...writeFlags(fields), `C${cas}`] };
  },

  delete: ({ key, base64 }, quiet) => ({
    verb: 'md',
    key,
    base64,
    flags: quiet ? QUIET : NO_FLAGS,
  }),

  arithmetic({ key, base64 }, direction, delta, quiet) {
    const flags = ['v', `D${delta}`];
    if (direction === 'decr') flags.push('MD');
    if (quiet) flags.push('q');
    return { verb: 'ma', key, base64, flags };
  },

  touch: ({ key, base64 }, expire, quiet) => ({
    verb: 'mg',
    key,
    base64,
    flags: quiet ? [`T${expire}`, 'q'] : [`T${expire}`],
  }),
};

function writeFlags({ expire, flags, quiet }: WriteFields): string[] {
  // Begun with its one flag, as a rule: an array that grows from nothing makes room for 16 more.
  const list = flags === 0 ? [] : [`F${flags}`];
  if (expire !== 0) list.push(`T${expire}`);
  if (quiet) list.push('q');
  return list;
}
