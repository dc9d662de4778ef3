import { connect } from 'node:net';
import { halfCloseTransportCases, transportCases } from '../conformance/mod.ts';
import type { Endpoint } from '../core/io/transport.ts';
import { caseSuite } from '../test/support/cases.ts';
import { dialAndEnd, listenAndEnd } from '../test/support/half-close.ts';
import { freePort } from '../test/support/memcached.ts';
import { listen } from '../transport-node/mod.ts';
import { duplexDialer } from './duplex-transport.ts';

const HOST = '127.0.0.1';

const dial = duplexDialer((to, signal) =>
  new Promise((resolve, reject) => {
    const port = 'port' in to ? to.port : 0;
    const socket = connect({ host: HOST, port, allowHalfOpen: true, noDelay: true });
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

const cases = [...transportCases, ...halfCloseTransportCases];

caseSuite('transport: over a Duplex | TCP', cases, async () => {
  const nowhere: Endpoint = { host: HOST, port: await freePort() };
  const here: Endpoint = { host: HOST, port: 0 };
  return {
    dial,
    nowhere,
    listen: (accept) => listen(here, accept),
    listenAndEnd: (words) => listenAndEnd(here, words),
    dialAndEnd,
  };
});
