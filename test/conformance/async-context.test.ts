import { AsyncLocalStorage } from 'node:async_hooks';
import * as assert from 'uvu/assert';
import { Server } from '../../core/server/mod.ts';
import type { Dialer } from '../../core/io/transport.ts';
import type { ServerReplyError } from '../../core/wire/errors.ts';
import { Client, dial, HashClient, listen } from '../runner/runtime.ts';
import { suite } from '../runner/suite.ts';
import { DnsDiscovery } from '../../transport-node/dns-discovery.ts';

// A connection and its timers outlive the call that they were made for. If they kept that call's
// context, they would keep its store alive, and later events would be logged for its request.

const context = suite('context of asynchronous calls');
const request = new AsyncLocalStorage<string>();

/** The request in whose context this runs, if any. */
const here = (): string => request.getStore() ?? 'none';

context('a connection is outside of the call that needs it', async () => {
  const server = new Server();
  const listener = await listen({ host: '127.0.0.1', port: 0 }, server.accept);
  const heard: string[] = [];
  const ended = new Promise<void>((resolve) => {
    void request.run('first', async () => {
      const transport = await dial(listener.endpoint, {
        onData: () => heard.push(`data ${here()}`),
        onDrain: () => {},
        onClosed: () => {
          heard.push(`closed ${here()}`);
          resolve();
        },
      }, new AbortController().signal);
      heard.push(`connected ${here()}`);
      transport.send(new TextEncoder().encode('version\r\nquit\r\n'));
    });
  });
  await ended;
  assert.equal(heard, ['connected first', 'data none', 'closed none']);
  await listener.close();
});

context('an error of a write that nobody awaits is heard in no request', async () => {
  const listener = await listen({ host: '127.0.0.1', port: 0 }, new Server().accept);
  const heard: string[] = [];
  const onQuietError = ({ code }: ServerReplyError): void => void heard.push(`${code} ${here()}`);
  const client = new Client(listener.endpoint, { onQuietError });
  await request.run('first', () => client.get('k'));
  await request.run('second', async () => {
    await client.set('k', new Uint8Array(2 * 1024 * 1024), { noreply: true });
    await client.get('k');
  });
  assert.equal(heard, ['too-large none']);
  await client.close();
  await listener.close();
});

context('a dial of the program is called outside too', async () => {
  const failing: Dialer = () => Promise.reject(new Error(`refused in ${here()}`));
  const options = { dial: failing };
  for (const client of [new Client('a', options), new HashClient(['a'], options)]) {
    const call = request.run('first', () => client.get('k'));
    assert.match(String(await call.catch((error: unknown) => error)), 'refused in none');
    await client.close();
  }
});

context('the timers of a client are outside, and its calls go on where they were', async () => {
  const client = new Client('a', { dial });
  const { clock } = client.dependencies;
  const heard = await request.run('first', async () => {
    const timer = await new Promise((resolve) => clock.after(0, () => resolve(here())));
    const turn = await new Promise((resolve) => clock.yield(() => resolve(here())));
    return [timer, turn, here()];
  });
  assert.equal(heard, ['none', 'none', 'first']);
  await client.close();
});

context('a discovery looks again outside of the call that began it', async () => {
  const looks: string[] = [];
  let done = (): void => {};
  const again = new Promise<void>((resolve) => {
    done = resolve;
  });
  const discovery = new DnsDiscovery('localhost', {
    interval: 1,
    resolve: async () => {
      if (looks.push(here()) === 3) done();
      return ['127.0.0.1'];
    },
  });
  await request.run('first', () => discovery.servers());
  await again;
  await discovery.close();
  assert.equal(looks.slice(0, 3), ['first', 'none', 'none']);
});

context.run();
