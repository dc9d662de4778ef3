import {
  authCases,
  type Case,
  faultCases,
  memcacheCases,
  metaOnlyCases,
  oneServerCases,
  type OneServerContext,
  serverCases,
  wireCases,
} from '../../conformance/mod.ts';
import { withClient } from '../../conformance/memcache/context.ts';
import { equal, ok, rejects } from '../../conformance/assert.ts';
import type { Client } from '../../core/client/server-client.ts';
import { webSocketCases } from './web-socket-cases.ts';

/** A page: clients of the bridge that serves it, and others. */
export interface PageContext extends OneServerContext {
  /** A client of a bridge: the one that serves this page, or one that does not. */
  readonly connect: (bridge: 'bridge' | 'closed', token?: string) => Client;
}

const largeValues: Case<OneServerContext> = withClient(
  'many large values at once, more than the socket buffers',
  ['setMany', 'bytes', 'timeout'],
  async (client, key) => {
    const entries = Array.from({ length: 32 }, (_, i) =>
      [
        `${key}${i}`,
        new Uint8Array(512 * 1024).fill(i),
      ] as const);
    equal((await client.setMany(entries, { timeout: 20_000 })).size, 0);
    for (const [name, value] of entries) {
      const got = await client.get(name, { timeout: 20_000 });
      ok(got instanceof Uint8Array, 'bytes');
      equal([got.length, got[0], got.at(-1)], [value.length, value[0], value[0]]);
    }
  },
);

/** What only a page can tell of a bridge. */
const pageCases: readonly Case<PageContext>[] = [
  {
    name: 'a page with a wrong token is not served',
    async run({ connect }) {
      await using client = connect('bridge', 'not-the-right-token');
      await rejects(client.get('a'), Error);
    },
  },
  {
    name: 'a page of another origin is not served',
    async run({ connect }) {
      await using client = connect('closed');
      await rejects(client.get('a'), Error);
    },
  },
];

const clientCases = [...memcacheCases, ...oneServerCases, ...metaOnlyCases];

/**
 * What a client must do, through a bridge too; but for administration, which a bridge refuses, and
 * for the longest keys, of which its prefix takes a part.
 */
export const bridgedCases: readonly Case<OneServerContext>[] = [
  ...clientCases.filter(({ needs = [] }) =>
    !needs.includes('admin') && !needs.includes('long-keys')
  ),
  largeValues,
];

/**
 * What is run in a page: with nothing, on an embedded server in the page, on three of them with a
 * client made of all the others, with a bridge behind it, or at an exchange of WebSockets.
 */
export const pageLists = {
  wire: wireCases,
  server: serverCases,
  login: authCases,
  memory: clientCases,
  family: [...memcacheCases, ...metaOnlyCases],
  faults: faultCases,
  bridge: [...bridgedCases, ...pageCases],
  transport: webSocketCases,
} as const;

export type PageList = keyof typeof pageLists;
