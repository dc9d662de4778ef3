// The table of the pages of the site: what its sidebar shows, in which order.

/** A part of the sidebar. */
export interface Section {
  readonly title: string;
  /** Pages by their files, with a title where the heading is too long for a sidebar. */
  readonly pages: readonly (string | readonly [file: string, title: string])[];
  /** A folder whose other pages follow, by their names. */
  readonly folder?: string;
}

/** A page of `docs` that is not named here comes last. A file that is not there is left out. */
export const sections: readonly Section[] = [
  {
    title: 'Start',
    pages: [
      ['docs/guide.md', 'Guide'],
      'docs/runtimes.md',
      ['docs/stores.md', 'Stores for libraries'],
      'docs/cli.md',
      ['docs/server.md', 'Embedded server'],
    ],
  },
  { title: 'Guides', pages: [], folder: 'docs/guides' },
  {
    title: 'Caching',
    pages: [['docs/caching.md', 'One load in the fleet'], 'docs/locks-and-limits.md'],
  },
  {
    title: 'In production',
    pages: [
      ['docs/cluster.md', 'Clusters'],
      'docs/operations.md',
      'docs/bridge.md',
      'docs/reliability.md',
    ],
  },
  {
    title: 'Other clients',
    pages: [
      ['docs/comparison.md', 'Comparison'],
      ['docs/faults-of-clients.md', 'Faults survived'],
      ['docs/migration.md', 'Migration'],
      'docs/pymemcache.md',
    ],
  },
  {
    title: 'Reference',
    pages: [['docs/client.md', 'Options'], 'docs/api.md', ['site/made/api/index.md', 'API']],
  },
  {
    title: 'Proxies and servers',
    pages: [
      ['docs/sans-io.md', 'Bytes and commands'],
      ['docs/protocol.md', 'Protocol'],
      ['docs/verbs.md', 'Commands'],
      'docs/conformance.md',
      'examples/README.md',
    ],
  },
  {
    title: 'Benchmarks',
    pages: [
      ['docs/benchmark.md', 'Clients'],
      ['docs/benchmark-calls.md', 'First and very many calls'],
      ['docs/benchmark-cache.md', 'Caches'],
      ['docs/benchmark-cluster.md', 'Many servers'],
      ['docs/benchmark-proxy.md', 'Proxy and bridge'],
      ['docs/benchmark-core.md', 'Parsers and server'],
      ['docs/benchmark-hashing.md', 'Hashing'],
    ],
  },
  {
    title: 'Project',
    pages: ['docs/design.md', 'CHANGELOG.md', 'CONTRIBUTING.md', ['SECURITY.md', 'Security']],
  },
];
