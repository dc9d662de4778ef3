import { connect } from 'node:net';
import { transportCases } from '../conformance/mod.ts';
import type { Endpoint } from '../core/transport.ts';
import { caseSuite } from '../test/cases.ts';
import { freePort } from '../test/memcached.ts';
import { listen } from '../transport-node/mod.ts';
import { duplexDialer } from './duplex-transport.ts';

const HOST = '127.0.0.1';

const dial = duplexDialer((to, signal) =>
  new Promise((resolve, reject) => {
    const port = 'port' in to ? to.port : 0;
    const socket = connect({ host: HOST, port, allowHalfOpen: true });
    const onAbort = (): void => {
      socket.destroy();
      reject(signal.reason);
    };
    socket.once('error', reject).once('connect', () => {
      signal.removeEventListener('abort', onAbort);
      socket.off('error', reject);
      resolve(socket);
    });
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort);
  })
);

caseSuite('transport: over a Duplex | TCP', transportCases, async () => {
  const nowhere: Endpoint = { host: HOST, port: await freePort() };
  return { dial, nowhere, listen: (accept) => listen({ host: HOST, port: 0 }, accept) };
});
