/** Which server a key is on, by the schemes of other clients too. */
export { type Hasher, type HashNode, type HashScheme, SchemeHasher } from './hasher.ts';
export type { LibmemcachedHash } from './digests/libmemcached-digests.ts';
export { modula } from './modulo.ts';
export { murmur3 } from './digests/murmur3.ts';
export { rendezvous, type RendezvousOptions } from './rendezvous.ts';
export { ketama } from './rings.ts';
export { type HashSchemeName, hashSchemes } from './schemes.ts';
