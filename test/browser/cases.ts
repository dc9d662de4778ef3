// The lists of cases that run in a page.
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

/** The context of a page: its bridge, and another one. */
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

/** Requirements on a bridge that only a page can test. */
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
 * The requirements on a client that also hold through a bridge: all except administration, which a
 * bridge refuses, and the longest keys, which its prefix shortens.
 */
export const bridgedCases: readonly Case<OneServerContext>[] = [
  ...clientCases.filter(({ needs = [] }) =>
    !needs.includes('admin') && !needs.includes('long-keys')
  ),
  largeValues,
];

/**
 * The lists of cases that run in a page: with no context, on an embedded server in the page, on
 * three of them with a client made of all the others, behind a bridge, or at an exchange of
 * WebSockets.
 */
export const pageLists = {
  wire: wireCases,
  server: serverCases,
  login: authCases,
  memory: clientCases,
  family: [...memcacheCases, ...metaOnlyCases],
  faults: faultCases.filter(({ needs = [] }) => !needs.includes('servers')),
  bridge: [...bridgedCases, ...pageCases],
  transport: webSocketCases,
} as const;

export type PageList = keyof typeof pageLists;
