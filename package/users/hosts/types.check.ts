// Proves that the stores are what their libraries ask for: `tsc -p package/users/hosts`.
import session from 'express-session';
import type { KeyvStoreAdapter } from 'keyv';
import type { SessionIdStorageStrategy } from 'react-router';
import type { Driver } from 'unstorage';
import type { Memcache } from '../../../core/client/memcache.ts';
import { sessionStore } from '../../../stores/express-session.ts';
import type { KeyvStore } from '../../../stores/keyv.ts';
import type { SessionStrategy } from '../../../stores/remix.ts';
import type { UnstorageDriver } from '../../../stores/unstorage.ts';

// `setMany` is void in the types of Keyv 5, which however passes its result on.
export const isKeyvStore = (store: KeyvStore): Omit<KeyvStoreAdapter, 'setMany'> => store;

export const isDriver = (driver: UnstorageDriver): Driver => driver;

export const toSessionStore = (client: Memcache): session.Store =>
  sessionStore(session.Store, client);

export const isStrategy = (
  strategy: SessionStrategy,
): SessionIdStorageStrategy<{ name: string }, { message: string }> => strategy;
