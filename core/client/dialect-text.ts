import type { Dialect } from './dialect.ts';

/** The classic commands, which every server and every proxy knows. */
export const textDialect: Dialect = {
  reportsQuietFailures: false,

  get: ({ key }, withCas) => ({ verb: withCas ? 'gets' : 'get', keys: [key] }),

  getAndTouch: ({ key }, withCas, expire) => ({
    verb: withCas ? 'gats' : 'gat',
    expire,
    keys: [key],
  }),

  getMany: (keys, withCas) => ({
    verb: withCas ? 'gets' : 'get',
    keys: keys.map(({ key }) => key),
  }),

  store: (verb, { key }, value, { flags, expire, quiet }) => ({
    verb,
    key,
    flags,
    expire,
    value,
    noreply: quiet,
  }),

  cas: ({ key }, value, cas, { flags, expire, quiet }) => ({
    verb: 'cas',
    key,
    flags,
    expire,
    value,
    cas,
    noreply: quiet,
  }),

  delete: ({ key }, quiet) => ({ verb: 'delete', key, noreply: quiet }),

  arithmetic: ({ key }, verb, delta, quiet) => ({ verb, key, delta, noreply: quiet }),

  touch: ({ key }, expire, quiet) => ({ verb: 'touch', key, expire, noreply: quiet }),
};
