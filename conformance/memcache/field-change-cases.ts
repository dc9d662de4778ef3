// Field cases: servers that are replaced.
import { equal, ok } from '../assert.ts';
import type { Case } from '../case.ts';
import { serverModel } from '../servers/models.ts';
import {
  type FieldContext,
  hostile,
  lacksMeta,
  nothingWasRun,
  patiently,
  turn,
  withModel,
} from './field-case.ts';

/** The servers behind an address before and after the replacement. */
const changes: readonly (readonly [from: string, to: string])[] = [
  ['memcached 1.6.45', 'memcached 1.4'],
  ['memcached 1.6.18', 'memcached 1.5'],
  ['memcached 1.6.18', 'memcached 1.6.9'],
  ['memcached 1.6.45', 'memcached 1.6.12'],
  ['memcached 1.6.18', 'twemproxy 0.5'],
  ['memcached 1.6.18', 'Pelikan'],
  ['memcached 1.6.45', "memcached's proxy 1.6.45"],
  ['mcrouter', "memcached's proxy 1.6.39"],
];

const changeCases = changes.flatMap((pair) => [pair, [pair[1], pair[0]] as const]).flatMap(
  ([from, to]) => [
    withModel(serverModel(from), `replaced by ${to}, it is safe and works on`, [], async (
      { client, key, server },
    ) => {
      for (const [i, value] of hostile.entries()) {
        const name = `${key}${i}`;
        equal(await patiently(() => client.set(name, value)), true, 'set');
        server.model = serverModel(i % 2 === 0 ? to : from);
        server.disconnect();
        equal(await patiently(() => client.get(name)), value);
      }
      nothingWasRun(server);
    }),
    withModel(serverModel(from), `replaced by ${to} under many writes, it is safe`, [], async (
      { client, key, server },
    ) => {
      const calls: Promise<unknown>[] = [];
      for (let round = 0; round < 6; round++) {
        for (const [i, value] of hostile.entries()) {
          calls.push(client.set(`${key}${round}-${i}`, value).catch(() => {}));
        }
        if (round % 2 === 0) await turn();
        server.model = serverModel(round % 2 === 0 ? to : from);
        server.disconnect();
        await turn();
      }
      await Promise.all(calls);
      equal(await patiently(() => client.set(key, 'x')), true);
      nothingWasRun(server);
    }),
    withModel(serverModel(from), `replaced by ${to}, each is spoken to as it understands`, [
      'meta',
    ], async ({ client, key, server }) => {
      await client.set(key, 'x');
      for (const name of [to, from]) {
        server.model = serverModel(name);
        server.disconnect();
        await patiently(() => client.set(key, 'y'));
        server.commands.length = 0;
        await client.set(key, 'z');
        const meta = server.commands.some((line) => line.startsWith('ms '));
        equal(meta, !lacksMeta(server.model), `whether ${name} got a meta command`);
      }
    }),
  ],
);

/** Unsolicited bytes at the start of a connection: banners, or leftovers of an earlier user. */
const greetings = [
  'STORED',
  'EN',
  'HD',
  'MN',
  'END',
  'OK',
  'ERROR',
  'NOT_STORED',
  'VERSION 1.6.45',
];

const greetingCases = ['memcached 1.4', 'memcached 1.6.45', 'twemproxy 0.5'].flatMap((name) =>
  [undefined, 'text' as const].flatMap((dialect) =>
    greetings.map((greeting) =>
      withModel(
        serverModel(name),
        `${greeting} that nobody asked for is no reply` +
          (dialect === undefined ? '' : `, dialect ${dialect}`),
        ['replace'],
        async ({ server, key, another }) => {
          server.greeting = `${greeting}\r\n`;
          for (const [i, value] of hostile.entries()) {
            const client = await another();
            const done = await client.replace(`${key}${i}`, value).catch(() => 'failed');
            ok(done !== true, 'nothing was there to be replaced');
            const stored = await client.set(`${key}${i}`, value).catch(() => 'failed');
            const found = await client.get(`${key}${i}`).catch(() => 'failed');
            if (stored === true) {
              ok(found === value || found === 'failed', `it is ${String(found)}`);
            } else ok(found === undefined || found === 'failed', `it is ${String(found)}`);
          }
          nothingWasRun(server);
          server.greeting = '';
          const client = await another();
          equal(await patiently(() => client.set(key, 'x')), true);
          equal(await client.get(key), 'x');
        },
        dialect === undefined ? {} : { dialect },
      )
    )
  )
);

/** Requirements on a client when a server is replaced, or sends bytes unasked. */
export const fieldChangeCases: readonly Case<FieldContext>[] = [...changeCases, ...greetingCases];
