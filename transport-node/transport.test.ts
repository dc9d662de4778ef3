import { dirname, join } from 'node:path';
import type { Endpoint } from '../core/transport.ts';
import { transportCases, type TransportContext } from '../conformance/mod.ts';
import { caseSuite } from '../test/cases.ts';
import { type Certificates, makeCertificates } from '../test/certificates.ts';
import { findProgram, freePort, temporaryFile } from '../test/memcached.ts';
import { dial } from './dial.ts';
import { listen } from './listen.ts';

let nowhere: Endpoint;

caseSuite('transport: node, TCP', transportCases, (): TransportContext => ({
  dial,
  listen: (accept) => listen({ host: '127.0.0.1', port: 0 }, accept),
  nowhere,
}), {
  async before() {
    nowhere = { host: '127.0.0.1', port: await freePort() };
  },
});

const directory = dirname(temporaryFile('x', ''));
let sockets = 0;

caseSuite('transport: node, unix socket', transportCases, (): TransportContext => ({
  dial,
  listen: (accept) => listen({ path: join(directory, `${sockets++}`) }, accept),
  nowhere: { path: join(directory, 'nowhere') },
}));

const openssl = findProgram('openssl');
let certificates: Certificates;

for (const mutual of [false, true]) {
  const name = mutual ? 'TLS with client certificates' : 'TLS';
  caseSuite(`transport: node, ${name}`, transportCases, (): TransportContext => {
    const { ca, server, client } = certificates;
    const clientTls = mutual ? { ca, ...client } : { ca };
    return {
      dial: (to, events, signal) => dial({ ...to, tls: clientTls }, events, signal),
      listen: (accept) =>
        listen({
          host: '127.0.0.1',
          port: 0,
          tls: { ...server, ca, requireClientCert: mutual },
        }, accept),
      nowhere,
    };
  }, {
    skip: openssl === null ? 'openssl' : undefined,
    before() {
      certificates ??= makeCertificates(openssl ?? '');
      return Promise.resolve();
    },
  });
}
