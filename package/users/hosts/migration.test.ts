// The tables of docs/migration.md, row by row: the other client's call, and the one that replaces it.
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { runInThisContext } from 'node:vm';
import * as assert from 'uvu/assert';
import { ROOT } from '../../../test/house/source.ts';
import {
  findProgram,
  type RunningMemcached,
  startMemcached,
} from '../../../test/support/memcached.ts';
import {
  Client,
  defaultSerde,
  HashClient,
  type ProfileName,
  profiles,
  type Serde,
} from '../../../transport-node/mod.ts';
import { hostSuite } from './host-suite.ts';

const page = readFileSync(join(ROOT, 'docs/migration.md'), 'utf8');
const require = createRequire(import.meta.url);

/** A client under the names of its own methods, which all return promises. */
type Methods = Readonly<Record<string, (...words: unknown[]) => unknown>>;

interface Other {
  /** Connects to servers: `127.0.0.1:11211`. */
  readonly open: (servers: readonly string[]) => Methods;
  readonly end: (client: Methods) => unknown;
  readonly set: (client: Methods, key: string, value: unknown) => unknown;
  readonly get: (client: Methods, key: string) => unknown;
  /** What reads its values here. */
  readonly serde: () => Serde;
  readonly profile?: ProfileName;
  /** The folder of its code. */
  readonly code: string;
}

/** What a cell says of an answer that no literal can be given of. */
const kinds: Readonly<Record<string, (value: unknown) => boolean>> = {
  text: (value) => typeof value === 'string',
  bytes: (value) => value instanceof Uint8Array,
  'a Map': (value) => value instanceof Map && value.size > 0,
  'a list': (value) => Array.isArray(value) && value.length > 0,
  'an object': (value) => Object.prototype.toString.call(value) === '[object Object]',
};

const others: Readonly<Record<string, Other>> = {
  memcached: {
    open(servers) {
      const Memcached = require('memcached') as new (servers: readonly string[]) => Methods;
      const client = new Memcached(servers);
      return new Proxy(client, {
        get: (_, name: string) => (...words: unknown[]) =>
          name === 'end' ? client['end']!() : new Promise((resolve, reject) => {
            client[name]!(...words, (error: unknown, answer: unknown) => {
              if (error === undefined || error === null) resolve(answer);
              else reject(error);
            });
          }),
      });
    },
    end: (client) => client['end']!(),
    set: (client, key, value) => client['set']!(key, value, 0),
    get: (client, key) => client['get']!(key),
    serde: () => profiles['memcached-npm'].serde(),
    profile: 'memcached-npm',
    code: 'memcached/lib',
  },
  memjs: {
    open(servers) {
      const { Client: Memjs } = require('memjs') as {
        Client: { create(servers: string, options: object): Methods };
      };
      // It prints its errors.
      return Memjs.create(servers.join(','), { logger: { log: () => {} } });
    },
    end: (client) => client['close']!(),
    set: (client, key, value) => client['set']!(key, value, {}),
    get: async (client, key) => (await client['get']!(key) as { value: unknown }).value,
    serde: () => profiles.memjs.serde(),
    profile: 'memjs',
    code: 'memjs/lib/memjs',
  },
  memcache: {
    open(servers) {
      const { Memcache } = require('memcache') as {
        Memcache: new (options: object) => Methods;
      };
      const client = new Memcache({ nodes: servers });
      client['on']!('error', () => {});
      return client;
    },
    end: (client) => client['disconnect']!(),
    set: (client, key, value) => client['set']!(key, value),
    get: (client, key) => client['get']!(key),
    // As the page has it.
    serde: () => evaluate<Serde>(/const text: Serde = (\{[^]*?\n\});/.exec(page)?.[1] ?? ''),
    code: 'memcache/dist',
  },
};

/** The value of an expression of the page. */
function evaluate<Value>(code: string, scope: Readonly<Record<string, unknown>> = {}): Value {
  const names = Object.keys(scope).join(', ');
  const call = runInThisContext(`(${names}) => (${code})`) as (...values: unknown[]) => Value;
  return call(...Object.values(scope));
}

/** The rows of the table in a section whose first header is this; each a list of cells. */
function tableOf(section: string, header: string): string[][] {
  const lines = section.split('\n');
  const from = lines.findIndex((line) => line.split('|')[1]?.trim() === header);
  assert.ok(from >= 0, header);
  const rest = lines.slice(from + 2);
  const rows = rest.slice(0, rest.findIndex((line) => !line.startsWith('|')));
  return rows.map((row) => row.split(' | ').map((cell) => cell.replace(/^\| | \|$/g, '').trim()));
}

/** The code in a cell; empty without. */
function codesIn(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code);
}

const plain = (value: unknown): unknown => value instanceof Uint8Array ? [...value] : value;

/** Makes a call and checks its answer, by the cell that tells it; returns the answer's cas. */
async function check(client: object, call: string, cell: string, cas: unknown): Promise<unknown> {
  let answer: unknown;
  try {
    answer = await evaluate<unknown>(`client.${call}`, { client, cas });
  } catch (error) {
    assert.is(cell, 'an error', `${call}: ${String(error)}`);
    return cas;
  }
  const found = (answer as { cas?: unknown } | null | undefined)?.cas ?? cas;
  const kind = kinds[cell];
  if (kind !== undefined) assert.ok(kind(answer), `${call} answers ${cell}: ${String(answer)}`);
  else {
    const [code = ''] = codesIn(cell);
    assert.not.equal(code, '', `${call} answers ${String(answer)}, and should: ${cell}`);
    assert.equal(plain(answer), plain(evaluate(code, { cas: found })), call);
  }
  return found;
}

for (const [name, other] of Object.entries(others)) {
  const section = page.split(`\n## From ${name}\n`)[1]?.split('\n## ')[0] ?? '';
  await hostSuite(`migration: from ${name}`, ({ add, client, port }) => {
    const server = (): string => `127.0.0.1:${port()}`;

    add('each call of the other client answers as its row says', async () => {
      const rows = tableOf(section, name);
      assert.ok(rows.length > 20);
      const there = other.open([server()]);
      let cas: unknown;
      for (const [call = '', answer = ''] of rows) {
        cas = await check(there, codesIn(call)[0] ?? '', answer, cas);
      }
      await other.end(there);
    });

    add('and so does the call that replaces it', async () => {
      // Its keys are its own: the other client has left some.
      const here = new Client(server(), { keyPrefix: 'here:' });
      let cas: unknown;
      for (const [, , call = '', answer = ''] of tableOf(section, name)) {
        cas = await check(here, codesIn(call)[0] ?? '', answer, cas);
      }
    });

    add('the options are those of both clients', async () => {
      const folder = join(import.meta.dirname, '../node_modules', other.code);
      const source = readdirSync(folder).filter((file) => /\.m?js$/.test(file))
        .map((file) => readFileSync(join(folder, file), 'utf8')).join('\n');
      const rows = tableOf(section, `option of ${name}`);
      assert.ok(rows.length > 4);
      for (const [theirs = '', ours = ''] of rows) {
        for (const option of codesIn(theirs)) {
          assert.match(source, new RegExp(`\\b${option}\\b`), option);
        }
        for (const option of codesIn(ours)) {
          const options = evaluate<object>(`{ ${option} }`, { defaultSerde });
          await new HashClient(['localhost:11211'], options).close();
        }
      }
    });

    add('what one client has stored the other reads as its row says', async () => {
      const there = other.open([server()]);
      const shared = new Client(server(), { serde: other.serde() });
      const rows = tableOf(section, `stored by ${name}`);
      for (const [i, [cell = '', read = '', without = '']] of rows.entries()) {
        const key = `stored:${i}`;
        const value = evaluate<unknown>(codesIn(cell)[0] ?? '');
        await other.set(there, key, value);
        await check(shared, `get('${key}')`, read, undefined);
        await check(client(), `get('${key}')`, without, undefined);
        await shared.set(`${key}:back`, evaluate(codesIn(read)[0] ?? ''));
        const back = await other.get(there, `${key}:back`);
        assert.equal(plain(back), plain(await other.get(there, key)), cell);
      }
      await other.end(there);
      await shared.close();
    });

    const { profile } = other;
    if (profile === undefined) return Promise.resolve();

    add('its profile finds what the other client has stored on many servers', async () => {
      const program = findProgram('memcached') ?? '';
      const started: RunningMemcached[] = [];
      for (let i = 0; i < 3; i++) started.push(await startMemcached(program));
      const servers = started.map(({ endpoint }) =>
        `127.0.0.1:${'port' in endpoint ? endpoint.port : 0}`
      );
      const there = other.open(servers);
      const here = new HashClient(servers, { profile });
      const keys = Array.from({ length: 50 }, (_, i) => `key:${i}`);
      for (const key of keys) await other.set(there, key, key);
      const found = await here.getMany<string | Uint8Array>(keys);
      const text = (value: string | Uint8Array): string => Buffer.from(value).toString();
      assert.equal(keys.filter((key) => text(found.get(key) ?? '') !== key), []);
      if (name === 'memcached') {
        await other.set(there, 'k'.repeat(251), 'long');
        assert.is(await here.get('k'.repeat(251)), 'long');
      }
      await other.end(there);
      await here.close();
      for (const one of started) await one.stop();
    });

    if (name === 'memjs') {
      add('it reads the bytes of what memwire stores without a profile', async () => {
        const there = other.open([server()]);
        await client().set('json', { name: 'Ada' });
        assert.is(String(await other.get(there, 'json')), '{"name":"Ada"}');
        await other.end(there);
      });
    }
    return Promise.resolve();
  });
}
