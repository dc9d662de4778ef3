// Resolves host names.
import { lookup } from 'node:dns/promises';
import type { Resolve } from '../core/client/cluster/discovery/dns-discovery.ts';

/** All addresses of a host, by the system's resolver: DNS, the hosts file, and its other sources. */
export const resolve: Resolve = async (host): Promise<string[]> => {
  const found = await lookup(host, { all: true });
  return found.map(({ address }) => address);
};
