// The law: whatever becomes of clients and bridges, whatever a server repeats, and however it is
// printed, no password and no token is in it; and no key and no value is in the events of a bridge
// and the attributes of a span, which may be kept for long.
import { Console } from 'node:console';
import { Writable } from 'node:stream';
import { inspect } from 'node:util';
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { listenBridgeOn } from '../../core/bridge/listen-bridge.ts';
import { Bridge } from '../../core/bridge/mod.ts';
import { bridgeSettings } from '../../core/bridge/options.ts';
import { FallbackClient } from '../../core/client/wrappers/fallback-client.ts';
import { RetryingClient } from '../../core/client/wrappers/retrying.ts';
import type { ServerChange } from '../../core/client/connection/server-status.ts';
import { memoryDialer } from '../../core/io/memory-pipe.ts';
import type { Dialer, Listener } from '../../core/io/transport.ts';
import { Server } from '../../core/server/serve.ts';
import { telemetry } from '../../telemetry/otel.ts';
import { listenBy } from '../../transport-node/listening.ts';
import { Client, HashClient, PooledClient } from '../runner/runtime.ts';
import { suite } from '../runner/suite.ts';
import { BridgeScene } from '../support/bridge-scene.ts';
import { FakePeer } from '../support/fake-peer.ts';
import { settled } from '../support/scripted.ts';

const secrets = suite('secrets');
const seed = Number(process.env['MEMWIRE_SEED'] ?? 20261127);
const numRuns = Math.ceil(Number(process.env['MEMWIRE_RUNS'] ?? 3000) / 50);
const SECRET = 's3cr3t';
// Short enough that the first line of an echo has it.
const letters = 'ab9:/@?#[]%.,"\'\\é\u{1f600}&=+!$^*(){}|<>~`';

/** A text that no server, and no other part of the test, has; with what has to be escaped. */
const secret = fc.array(fc.constantFrom(...letters), { maxLength: 6 }).chain((made) =>
  fc.nat(made.length).map((at) => made.slice(0, at).join('') + SECRET + made.slice(at).join(''))
);

/** What an odd server makes of a line that it repeats. */
const echoes: Readonly<Record<string, (line: string) => string>> = {
  'as it is': (line) => `CLIENT_ERROR bad ${line}\r\n`,
  'as its own error': (line) => `SERVER_ERROR bad ${line}\r\n`,
  'as an unknown error': (line) => `ERROR ${line}\r\n`,
  'as the first word': (line) => `${line.replaceAll(' ', '_')}\r\n`,
  'the last word alone': (line) => `${line.split(' ').at(-1)}\r\n`,
  'between quotes': (line) => `CLIENT_ERROR ${JSON.stringify(line)}\r\n`,
  'escaped': (line) => `CLIENT_ERROR ${encodeURIComponent(fromBytes(line))}\r\n`,
  'cut': (line) => `CLIENT_ERROR ${line.slice(0, -2)}\r\n`,
  'as a version': (line) => `VERSION ${line}\r\n`,
  'as a refusal': (line) => `BUSY ${line}\r\n`,
};

/** A server that repeats each line, or lets logins pass and repeats what it was told later. */
function echoing(how: (line: string) => string, isLate: boolean): Dialer {
  let login = '';
  return memoryDialer(
    new FakePeer((text) => {
      const lines = text.split('\r\n').filter((line) => line !== '');
      if (!isLate) return lines.map(how).join('');
      const at = lines.findIndex((line) => line.startsWith('set auth'));
      if (at < 0) return lines.map(() => how(login)).join('');
      login = lines[at + 1] ?? '';
      return `STORED\r\n${lines.slice(at + 2).map(() => how(login)).join('')}`;
    }),
  );
}

function fromBytes(text: string): string {
  return new TextDecoder().decode(Uint8Array.from(text, (letter) => letter.charCodeAt(0)));
}

const dials = fc.oneof(
  fc.tuple(fc.constantFrom(...Object.keys(echoes)), fc.boolean()).map(([name, isLate]) =>
    echoing(echoes[name]!, isLate)
  ),
  fc.constantFrom<Dialer>(
    () => Promise.reject(new Error('connection refused')),
    () => new Promise(() => {}),
    memoryDialer(new Server()),
    memoryDialer(new Server({ credentials: new Map([['user', 'another']]) })),
  ),
);

/** All that can be printed of a value, on this runtime. */
function printed(value: unknown): string {
  let said = '';
  const stream = new Writable({
    write(chunk: Uint8Array, _encoding, done) {
      said += String(chunk);
      done();
    },
  });
  const { Deno, Bun } = globalThis as unknown as Record<
    'Deno' | 'Bun',
    { inspect(value: unknown, options?: object): string } | undefined
  >;
  new Console(stream).log('%o', value);
  const all = [
    said,
    String(value),
    inspect(value, { showHidden: true, depth: 20 }),
    inspect(value, { showHidden: true, depth: 20, customInspect: false }),
    Deno?.inspect(value, { depth: 20 }) ?? '',
    Bun?.inspect(value, { depth: 20 }) ?? '',
    JSON.stringify(value, (_, it: unknown) => typeof it === 'bigint' ? String(it) : it),
  ];
  if (value instanceof Error) all.push(value.stack ?? '', printed(value.cause ?? ''));
  return all.join('\n');
}

function assertNone(said: readonly unknown[]): void {
  for (const one of said) {
    const text = printed(one);
    const at = text.indexOf(SECRET);
    if (at >= 0) throw new Error(`it shows: ${text.slice(Math.max(0, at - 200), at + 100)}`);
  }
}

/** Settles a call; what it fails with is said. */
const attempt = (said: unknown[], call: () => Promise<unknown>): Promise<unknown> =>
  call().catch((error: unknown) => said.push(error));

const named = fc.constantFrom('Client', 'PooledClient', 'HashClient', 'RetryingClient', 'Fallback');

secrets('no password is in a client, its errors, its events or its spans', async () => {
  let failures = 0;
  const law = fc.asyncProperty(secret, dials, named, fc.boolean(), async (password, ...rest) => {
    const [dial, name, isUrl] = rest;
    const said: unknown[] = [];
    const tell = (...told: unknown[]): void => void said.push(...told);
    const options = {
      dial,
      timeout: 40,
      connectTimeout: 10,
      onServer: (event: ServerChange) => tell(event, event.cause),
      onQuietError: tell,
      onIgnored: tell,
      onCommand: (command: unknown, server: string) => {
        tell(command, server);
        return tell;
      },
      ...(isUrl ? {} : { auth: { username: 'user', password } }),
    };
    const login = isUrl ? `user:${encodeURIComponent(password)}@` : '';
    const server = `memcached://${login}host:5`;
    const make = { PooledClient, HashClient }[name as 'HashClient'] ?? Client;
    const inner = new make(server, options);
    const other = new Client(server, options);
    const client = name === 'RetryingClient'
      ? new RetryingClient(inner, { attempts: 2 })
      : name === 'Fallback'
      ? new FallbackClient([inner, other])
      : inner;
    const cache = client.cache({
      key: (name: string) => name,
      ttl: 10,
      load: () => Promise.resolve('v'),
    });
    tell(client, cache);
    await attempt(said, () => client.get('k'));
    await attempt(said, () => client.set('k', 'v'));
    await attempt(said, () => client.getMany(['k', 'l']));
    await attempt(said, () => cache.fetch('k'));
    if (inner instanceof Client) {
      await attempt(said, () => inner.version());
      await attempt(said, () => inner.flushAll());
    }
    failures += said.filter((one) => one instanceof Error).length;
    tell(client, client.counters());
    await Promise.all([client.close(), other.close()]);
    assertNone(said);
  });
  await fc.assert(law, { seed, numRuns, includeErrorInReport: true });
  assert.ok(failures > numRuns, `only ${failures} errors were looked at`);
});

secrets('no key, no value, no token and no password is in an event of a bridge', async () => {
  let events = 0;
  const law = fc.asyncProperty(
    secret,
    fc.constantFrom(...Object.values(echoes)),
    async (own, how) => {
      const key = encodeURIComponent(own).slice(0, 200);
      const scene = new BridgeScene({
        dial: echoing(how, false),
        upstreamAuth: { username: 'user', password: own },
        tokens: new Map([['tenant', `${SECRET}-a-long-token`]]),
      });
      const page = scene.open('tenant');
      for (const line of [`get ${key}`, `set k 0 0 ${key.length}\r\n${key}`, `mg ${key} v`]) {
        await page.say(`${line}\r\n`);
        await settled();
      }
      await scene.pass(5000);
      events += scene.log.length;
      assertNone([
        scene.log,
        scene.bridge,
        ...scene.log.map((event) => 'error' in event ? event.error : ''),
      ]);
    },
  );
  await fc.assert(law, { seed, numRuns, includeErrorInReport: true });
  assert.ok(events > numRuns, `only ${events} events were looked at`);
});

secrets('no key of TLS is where a server or a bridge says that it listens', async () => {
  const tls = { cert: SECRET, key: SECRET, ca: 'a' };
  const at = { host: '127.0.0.1', port: 1, tls };
  const listenAt = (): Promise<Listener> => Promise.resolve({ endpoint: at, close: settled });
  const listener = await listenBy(listenAt)(at, new Server().accept);
  const dial: Dialer = () => Promise.reject(new Error('none'));
  const runtime = { listen: listenAt, dial, digest: String };
  const tokens = new Map([['a', `${SECRET}-a-long-token`]]);
  const bridge = await listenBridgeOn(runtime, at, { upstream: 'localhost', tokens });
  assertNone([listener, bridge, bridge.endpoint]);
  assert.equal(listener.endpoint, { ...at, tls: { ca: 'a' } });
});

secrets('no option of a bridge that breaks a rule is quoted, if it is a secret', () => {
  fc.assert(
    fc.property(secret, (own) => {
      const dial: Dialer = () => Promise.reject(new Error('none'));
      for (
        const options of [
          { tokens: new Map([['a', own.slice(0, 12)]]) },
          { tokens: new Map([['a', `${own} ${own}`]]) },
          { upstream: `memcached://user:${own}@host` },
          { origins: [`https://user:${own}@host`] },
          { upstreamAuth: { username: 'u', password: `${own} ` } },
          { upstreamTls: { key: own, cert: own, ca: own, another: own } },
          { anOption: own },
        ]
      ) {
        try {
          const settings = { upstream: 'localhost', dial, ...options };
          bridgeSettings(settings);
          new Bridge(settings);
        } catch (error) {
          assertNone([error]);
        }
      }
    }),
    { seed, numRuns, includeErrorInReport: true },
  );
});

secrets('no key and no value is in the attributes of a span or of a metric', async () => {
  let spans = 0;
  const law = fc.asyncProperty(
    secret,
    fc.constantFrom(...Object.values(echoes)),
    async (own, how) => {
      const key = encodeURIComponent(own).slice(0, 200);
      const said: unknown[] = [];
      const span = {
        setAttributes: (attributes: unknown) => said.push(attributes),
        setStatus: (status: unknown) => said.push(status),
        end: () => spans++,
      };
      const instrument = {
        add: (...all: unknown[]) => said.push(all),
        record: (...all: unknown[]) => said.push(all),
      };
      const hooks = telemetry({
        tracer: {
          startSpan(...all: unknown[]) {
            said.push(all);
            return span;
          },
        },
        meter: { createHistogram: () => instrument, createCounter: () => instrument },
      });
      const client = new Client('host', {
        dial: echoing(how, false),
        timeout: 40,
        ...hooks,
        dialect: 'text',
      });
      const errors: unknown[] = [];
      await attempt(errors, () => client.get(key));
      await attempt(errors, () => client.set(key, own));
      await client.close();
      assertNone(said);
    },
  );
  await fc.assert(law, { seed, numRuns, includeErrorInReport: true });
  assert.ok(spans > numRuns, `only ${spans} spans were looked at`);
});

secrets.run();
