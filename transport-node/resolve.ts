// Resolves host names.
import { lookup } from 'node:dns/promises';
import type { Resolve } from '../core/client/cluster/discovery/dns-discovery.ts';

/** All addresses of a host, as the system finds them: DNS, the hosts file, and what else it asks. */
export const resolve: Resolve = async (host): Promise<string[]> => {
  const found = await lookup(host, { all: true });
  return found.map(({ address }) => address);
};
