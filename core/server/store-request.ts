export type StoreMode = 'set' | 'add' | 'replace' | 'append' | 'prepend' | 'cas';

/** What comes of a request to store. */
export type StoreStatus = 'stored' | 'not_stored' | 'exists' | 'not_found' | 'no_memory';

/** How an item is to be stored. Times are in the store's seconds, see `Store.expireAt`. */
export interface StoreRequest {
  readonly mode: StoreMode;
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  readonly flags: number;
  readonly expire: number;
  /** The cas unique to compare; 0 compares nothing, but in mode `cas` matches nothing either. */
  readonly cas: bigint;
  /** The cas unique to give it, instead of the next one. */
  readonly newCas: bigint | null;
  /** In mode `cas`, store over a newer item too, and leave it stale. */
  readonly allowStale: boolean;
  /** In mode `append` and `prepend`, create a missing item with this expiry. */
  readonly vivify: number | null;
  readonly base64: boolean;
}
