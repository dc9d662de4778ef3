import { ch3 } from './digests/ch3.ts';
import type { HashScheme } from './hasher.ts';
import { jump } from './jump.ts';
import { gomemcache, memjs, modula, pythonMemcached, spymemcached } from './modulo.ts';
import { pymemcache, rendezvous } from './rendezvous.ts';
import { dalli, hashring, ketama, weightedKetama } from './rings.ts';

export type HashSchemeName =
  | 'ch3'
  | 'dalli'
  | 'gomemcache'
  | 'hashring'
  | 'jump'
  | 'ketama'
  | 'memjs'
  | 'modula'
  | 'pymemcache'
  | 'pythonMemcached'
  | 'rendezvous'
  | 'spymemcached'
  | 'weightedKetama';

/** Every scheme, by its name; docs/cluster.md says which clients share keys so. */
export const hashSchemes: Readonly<Record<HashSchemeName, HashScheme>> = {
  ch3,
  dalli,
  gomemcache,
  hashring,
  jump,
  ketama: /* @__PURE__ */ ketama(),
  memjs,
  modula: /* @__PURE__ */ modula(),
  pymemcache,
  pythonMemcached,
  rendezvous: /* @__PURE__ */ rendezvous(),
  spymemcached,
  weightedKetama,
};
