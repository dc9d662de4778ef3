// Gives a wrapper the methods of the client that it wraps.
import { ClusterClient } from '../cluster/cluster-client.ts';
import type { Memcache } from '../memcache.ts';
import { ServerClient } from '../server-client.ts';

/**
 * The methods that a wrapper takes from the client that it wraps: those of a client of many servers,
 * those of a client of one server, or else only the operations on items.
 */
export type FaceOf<Client extends Memcache> = Client extends ClusterClient ? ClusterClient
  : Client extends ServerClient ? ServerClient
  : Memcache;

/**
 * Gives a wrapper the client's methods besides the operations on items. These methods use the
 * dependencies of the client on which they are called, so they reach the servers through the
 * wrapper's executor. Members of the wrapper's own class are kept.
 */
export function keepFace(wrapper: Memcache, client: Memcache): void {
  const own: object = wrapper.constructor.prototype;
  for (const { prototype } of [ClusterClient, ServerClient]) {
    const face = Object.entries(Object.getOwnPropertyDescriptors(prototype));
    // By name, as a wrapper of a wrapper is an instance of neither.
    if (!face.every(([name]) => name in client)) continue;
    for (const [name, method] of face) {
      if (!Object.hasOwn(own, name)) Object.defineProperty(wrapper, name, method);
    }
  }
}
