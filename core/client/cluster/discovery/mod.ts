/** Where the servers of a cluster are. */
export { ClusterDiscovery, type ClusterDiscoveryOptions } from './cluster-discovery.ts';
export { Discovery, type DiscoveryOptions, type FoundServers } from './discovery.ts';
export { DnsDiscovery, type DnsDiscoveryOptions, type Resolve } from './dns-discovery.ts';
