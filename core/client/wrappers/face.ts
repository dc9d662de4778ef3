// Gives a client that wraps another one the methods of that one.
import { ClusterClient } from '../cluster/cluster-client.ts';
import type { Memcache } from '../memcache.ts';
import { ServerClient } from '../server-client.ts';

/**
 * What a wrapper has of the client that it wraps: the methods of a client of many servers, those of
 * a client of one server, else the operations on items.
 */
export type FaceOf<Client extends Memcache> = Client extends ClusterClient ? ClusterClient
  : Client extends ServerClient ? ServerClient
  : Memcache;

/**
 * Gives a wrapper what the client has beside the operations on items. These methods go by the
 * dependencies of the client they are called on, so they reach the servers through the wrapper's
 * executor. What the wrapper's own class has stays.
 */
export function keepFace(wrapper: Memcache, client: Memcache): void {
  for (const { prototype } of [ClusterClient, ServerClient]) {
    const face = Object.entries(Object.getOwnPropertyDescriptors(prototype));
    // By name, as a wrapper of a wrapper is an instance of neither.
    if (!face.every(([name]) => name in client)) continue;
    for (const [name, method] of face) {
      if (!(name in wrapper)) Object.defineProperty(wrapper, name, method);
    }
  }
}
