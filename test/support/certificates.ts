// Certificates for tests of TLS.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryDirectory } from './temporary.ts';

/** Certificates for a test: an authority, and the certificates that it signed. */
export interface Certificates {
  readonly directory: string;
  readonly ca: string;
  readonly server: { readonly cert: string; readonly key: string };
  readonly client: { readonly cert: string; readonly key: string };
  /** A self-signed certificate of a server. */
  readonly selfSigned: { readonly cert: string; readonly key: string };
}

/** Makes them with openssl, in a temporary directory. */
export function makeCertificates(openssl: string): Certificates {
  const directory = temporaryDirectory();
  const run = (...args: string[]): void => {
    const result = spawnSync(openssl, args, { cwd: directory, encoding: 'utf8' });
    if (result.status !== 0) throw new Error(`openssl ${args[0]}: ${result.stderr}`);
  };
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const hosts = 'subjectAltName=DNS:localhost,IP:127.0.0.1';
  const sign = (name: string, subject: string, ...more: string[]): void => {
    const files = ['-keyout', `${name}.key`, '-out', `${name}.pem`];
    run('req', '-x509', ...key, '-days', '2', '-subj', `/CN=${subject}`, ...files, ...more);
  };
  sign('ca', 'memwire test CA');
  sign('self', 'localhost', '-addext', hosts);
  const issue = (name: string, extensions: string): void => {
    // Some TLS libraries refuse a server's certificate with CA:TRUE, so this one is a leaf.
    writeFileSync(join(directory, `${name}.ext`), `basicConstraints=CA:FALSE\n${extensions}\n`);
    run('req', ...key, '-subj', `/CN=${name}`, '-keyout', `${name}.key`, '-out', `${name}.csr`);
    run(
      'x509',
      '-req',
      '-in',
      `${name}.csr`,
      '-CA',
      'ca.pem',
      '-CAkey',
      'ca.key',
      '-CAcreateserial',
      '-days',
      '2',
      '-extfile',
      `${name}.ext`,
      '-out',
      `${name}.pem`,
    );
  };
  issue('server', hosts);
  issue('client', 'extendedKeyUsage=clientAuth');
  const read = (file: string): string => readFileSync(join(directory, file), 'utf8');
  return {
    directory,
    ca: read('ca.pem'),
    server: { cert: read('server.pem'), key: read('server.key') },
    client: { cert: read('client.pem'), key: read('client.key') },
    selfSigned: { cert: read('self.pem'), key: read('self.key') },
  };
}
