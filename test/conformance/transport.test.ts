import { existsSync, readFileSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import type { Dialer, Endpoint, TlsOptions } from '../../core/io/transport.ts';
import { memoryDialer } from '../../core/io/memory-pipe.ts';
import { UsageError } from '../../core/wire/errors.ts';
import { caseSuite } from '../support/cases.ts';
import { type Certificates, makeCertificates } from '../support/certificates.ts';
import { dialAndEnd, listenAndEnd } from '../support/half-close.ts';
import { findProgram, freePort } from '../support/memcached.ts';
import { dial, listen, runtime } from '../runner/runtime.ts';
import { suite } from '../runner/suite.ts';
import { temporaryDirectory, temporaryFile } from '../support/temporary.ts';
import {
  type Case,
  halfCloseTransportCases,
  type HalfCloseTransportContext,
  tlsTransportCases,
  type TlsTransportContext,
  transportCases,
} from '../../conformance/mod.ts';
import { never } from '../../conformance/transport/context.ts';
import { startPeer, TestEvents } from '../../conformance/transport/peer.ts';

const directory = temporaryDirectory();
let sockets = 0;
const tcp: Endpoint = { host: '127.0.0.1', port: 0 };
const newPath = (): string => join(directory, `${sockets++}`);
const nowhere = async (): Promise<Endpoint> => ({ host: '127.0.0.1', port: await freePort() });

const cases: readonly Case<HalfCloseTransportContext>[] = [
  ...transportCases,
  ...halfCloseTransportCases,
];

caseSuite('transport | TCP', cases, async () => ({
  dial,
  listen: (accept) => listen(tcp, accept),
  nowhere: await nowhere(),
  listenAndEnd: (words) => listenAndEnd(tcp, words),
  dialAndEnd,
}));

caseSuite('transport | unix socket', cases, () => ({
  dial,
  listen: (accept) => listen({ path: newPath() }, accept),
  nowhere: { path: join(directory, 'nowhere') },
  listenAndEnd: (words) => listenAndEnd({ path: newPath() }, words),
  dialAndEnd,
}));

// A network of pipes, where each listener has a port.
const accepting = new Map<number, Dialer>();
const nobody = memoryDialer({
  accept() {
    throw new Error('nobody listens');
  },
});
let ports = 0;

caseSuite('transport | in memory', transportCases, () => ({
  dial(to, events, signal) {
    const pipe = accepting.get('port' in to ? to.port : 0) ?? nobody;
    return pipe(to, events, signal);
  },
  async listen(accept) {
    const port = ++ports;
    accepting.set(port, memoryDialer({ accept }));
    return await Promise.resolve({
      endpoint: { host: 'memory', port },
      close: async () => void await Promise.resolve(accepting.delete(port)),
    });
  },
  nowhere: { host: 'memory', port: 0 },
}));

const openssl = findProgram('openssl');
const certificates: Certificates | null = openssl === null ? null : makeCertificates(openssl);
const others: Certificates | null = openssl === null ? null : makeCertificates(openssl);

type TlsContext = TlsTransportContext & HalfCloseTransportContext;

const tlsCases: readonly Case<TlsContext>[] = [...cases, ...tlsTransportCases];

/** Matching TLS options of a client and a server. */
const ways: readonly (readonly [name: string, unix: boolean, mutual: boolean])[] = [
  ['TLS', false, false],
  ['TLS with client certificates', false, true],
  ['TLS over a unix socket', true, false],
];

const withoutTls = (to: Endpoint): Endpoint =>
  'path' in to ? { path: to.path } : { host: to.host, port: to.port };

for (const [name, unix, mutual] of ways) {
  const context = async (): Promise<TlsContext> => {
    const { ca, server, client, selfSigned } = certificates!;
    const known: TlsOptions = mutual ? { ca, ...client } : { ca };
    const speaking = (tls: TlsOptions): Dialer => (to, events, signal) =>
      dial({ ...to, tls }, events, signal);
    const at = (): Endpoint => unix ? { path: newPath() } : tcp;
    return {
      dial: speaking(known),
      listen: (accept) =>
        listen({ ...at(), tls: { ...server, ca, requireClientCert: mutual } }, accept),
      nowhere: unix ? { path: join(directory, 'nowhere') } : await nowhere(),
      listenAndEnd: (words) => listenAndEnd({ ...at(), tls: { ...server, ca } }, words),
      dialAndEnd: (to, words) => dialAndEnd({ ...to, tls: known }, words),
      plain: {
        dial: (to, events, signal) => dial(withoutTls(to), events, signal),
        listen: (accept) => listen(at(), accept),
      },
      selfSigned: {
        dial: speaking({ ca: selfSigned.cert }),
        listen: (accept) => listen({ ...at(), tls: selfSigned }, accept),
      },
      strangers: {
        'an authority that is not trusted': speaking(mutual ? { ...client } : {}),
        'another name': speaking({ ...known, serverName: 'example.com' }),
        ...(mutual
          ? {
            'no certificate': speaking({ ca }),
            'a certificate of another authority': speaking({ ca, ...others!.client }),
          }
          : {}),
      },
    };
  };
  caseSuite(`transport | ${name}`, tlsCases, context, {
    skip: openssl === null ? 'openssl' : undefined,
  });
}

const dialing = suite('transport: dialing');

/** Whether the system will probe the peer of the socket that is connected to this port. */
function isProbed(to: Endpoint): boolean {
  const port = ('port' in to ? to.port : 0).toString(16).toUpperCase().padStart(4, '0');
  const socket = readFileSync('/proc/net/tcp', 'utf8').split('\n').find((line) =>
    // Columns: number, local address, remote address, state, queues, active timer and its time.
    new RegExp(`^ *\\d+: \\S+ \\S+:${port} 01 `).test(line)
  );
  assert.ok(socket, 'the socket is in the table');
  return / 02:[0-9A-F]{8} /.test(socket);
}

for (const name of ['TCP', 'TLS']) {
  const title = `keepAlive is obeyed over ${name}, and off by default`;
  if (!existsSync('/proc/net/tcp') || (name === 'TLS' && certificates === null)) {
    dialing.skip(`${title} (needs /proc/net/tcp and openssl)`);
    continue;
  }
  dialing(title, async () => {
    const tls = name === 'TLS' && certificates !== null;
    for (const keepAlive of [undefined, 60]) {
      const peers = startPeer();
      const listener = await listen(tls ? { ...tcp, tls: certificates.server } : tcp, peers.accept);
      const near = new TestEvents();
      const to: Endpoint = {
        ...listener.endpoint,
        ...(tls ? { tls: { ca: certificates.ca } } : {}),
        ...(keepAlive === undefined ? {} : { keepAlive }),
      };
      near.transport = await dial(to, near, never());
      const far = await peers.next();
      // While a byte is unacknowledged another timer runs; a reply acknowledges the request.
      near.send('a');
      await far.read(1);
      far.send('b');
      await near.read(1);
      assert.is(isProbed(listener.endpoint), keepAlive !== undefined);
      near.transport.abort();
      await listener.close();
    }
  });
}

dialing.run();

const listening = suite('transport: listening');

listening('a connection is named by the address of its peer', async () => {
  const path = newPath();
  for (const [at, name] of [[tcp, /^tcp:127\.0\.0\.1:\d+$/], [{ path }, `unix:${path}`]] as const) {
    const names: string[] = [];
    const peers = startPeer();
    const listener = await listen(at, (transport, address) => {
      names.push(address);
      return peers.accept(transport, address);
    });
    const near = new TestEvents();
    near.transport = await dial(listener.endpoint, near, never());
    await peers.next();
    assert.match(names[0] ?? '', name);
    near.transport.abort();
    await listener.close();
  }
});

listening('a socket file that was left behind is replaced, and taken away at the end', async () => {
  const path = newPath();
  const { accept } = startPeer();
  const gone = await listen({ path: newPath() }, accept);
  // Under another name the file outlives its listener.
  renameSync('path' in gone.endpoint ? gone.endpoint.path : '', path);
  await gone.close();
  assert.is(existsSync(path), true);
  const listener = await listen({ path }, accept);
  assert.is(statSync(path).mode & 0o777, 0o700, 'who may connect');
  await listener.close();
  assert.is(existsSync(path), false);
});

listening('an address in use, and a path that is no socket, are refused', async () => {
  const { accept } = startPeer();
  const listener = await listen(tcp, accept);
  for (const at of [listener.endpoint, { path: temporaryFile('file', '') }]) {
    assert.is(await whyNot(at), 'EADDRINUSE');
  }
  await listener.close();
});

listening('a socket file of a server that answers is refused, and stays its own', async () => {
  const path = newPath();
  const peers = startPeer();
  const listener = await listen({ path }, peers.accept);
  assert.is(await whyNot({ path }), 'EADDRINUSE');
  if (certificates !== null) {
    assert.is(await whyNot({ path, tls: certificates.server }), 'EADDRINUSE');
  }
  const near = new TestEvents();
  near.transport = await dial({ path }, near, never());
  near.transport.abort();
  await listener.close();
  assert.is(existsSync(path), false);
});

/** The code of the error that listening rejects with. */
async function whyNot(at: Endpoint): Promise<unknown> {
  const error = await listen(at, startPeer().accept).then(() => null, (reason: unknown) => reason);
  assert.instance(error, Error, runtime);
  return (error as { code?: unknown }).code;
}

for (const place of ['TCP', 'a unix socket']) {
  listening(`TLS over ${place} without a certificate and its key is refused`, async () => {
    const { cert = 'a certificate', key = 'a key' } = certificates?.server ?? {};
    for (const tls of [{}, { cert }, { key }, { cert: '', key: '' }, { ca: cert }]) {
      const at = place === 'TCP' ? { ...tcp, tls } : { path: newPath(), tls };
      const error = await listen(at, startPeer().accept).catch((reason: unknown) => reason);
      assert.instance(error, UsageError, Object.keys(tls).join());
      assert.is((error as UsageError).argument, 'tls');
      assert.not.match(String(error), /BEGIN/);
      assert.is('path' in at && existsSync(at.path), false);
    }
  });
}

const pairs = 'TLS with a key of another certificate, or what is none, is refused';
if (certificates === null || others === null) listening.skip(`${pairs} (needs openssl)`);
else {listening(pairs, async () => {
    const { cert, key } = certificates.server;
    for (
      const tls of [
        { cert, key: others.server.key },
        { cert: 'x', key },
        { cert, key: 'x' },
      ]
    ) {
      const error = await listen({ ...tcp, tls }, startPeer().accept)
        .then(() => null, (reason: unknown) => reason);
      assert.instance(error, Error, runtime);
      assert.not.match(String(error), /BEGIN/);
    }
  });}

listening.run();
