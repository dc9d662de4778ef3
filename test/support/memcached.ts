// Starts a real memcached.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import type { Endpoint } from '../../core/io/transport.ts';
import type { Certificates } from './certificates.ts';
import { temporaryDirectory } from './temporary.ts';

/**
 * The path of a program on this machine, or null. `MEMWIRE_MEMCACHED` and the like override it;
 * `MEMWIRE_PROGRAMS=none` hides every program but Node.
 */
export function findProgram(name: string): string | null {
  if (process.env['MEMWIRE_PROGRAMS'] === 'none' && name !== 'node') return null;
  const named = process.env[`MEMWIRE_${name.toUpperCase()}`];
  if (named !== undefined) return named;
  const found = spawnSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' });
  return found.status === 0 ? found.stdout.trim() : null;
}

/** The version of a memcached: `1.6.18`. */
export function versionOf(program: string): string {
  const banner = spawnSync(program, ['-V'], { encoding: 'utf8' }).stdout;
  return /\d+\.\d+\.\d+/.exec(banner)?.[0] ?? '0.0.0';
}

/** Whether a memcached was built with TLS. */
export function speaksTls(program: string): boolean {
  return spawnSync(program, ['-h'], { encoding: 'utf8' }).stdout.includes('--enable-ssl');
}

/** A running memcached. */
export interface RunningMemcached {
  readonly endpoint: Endpoint;
  /** Its version: `1.6.18`. */
  readonly version: string;
  /** The id of its process. */
  readonly pid: number;
  stop(): Promise<void>;
}

/**
 * Starts a real memcached on a port of the loopback, a free one by default, or on a unix socket.
 *
 * @param options.tls Whether it speaks TLS.
 * @param options.mutual Whether it requires client certificates of the authority; with TLS.
 */
export async function startMemcached(
  program: string,
  options: {
    readonly args?: readonly string[];
    readonly unix?: boolean;
    readonly tls?: Certificates | undefined;
    readonly mutual?: boolean;
    readonly port?: number;
  } = {},
): Promise<RunningMemcached> {
  const path = join(temporaryDirectory(), 'socket');
  const port = options.unix === true ? 0 : options.port ?? await freePort();
  const where = options.unix === true ? ['-s', path] : ['-l', '127.0.0.1', '-p', String(port)];
  const user = process.getuid?.() === 0 ? ['-u', 'root'] : [];
  const child = spawn(program, [
    ...user,
    ...where,
    ...tlsFlags(options.tls, options.mutual),
    ...(options.args ?? []),
  ], { stdio: 'pipe' });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  const stop = (): Promise<void> => ended(child);
  try {
    await answers(options.unix === true ? { path } : { host: '127.0.0.1', port }, child);
  } catch (error) {
    await stop();
    throw new Error(`${program} did not start: ${said}`, { cause: error });
  }
  const { tls, mutual } = options;
  const own = mutual === true ? tls?.client : {};
  const endpoint = options.unix === true ? { path } : { host: '127.0.0.1', port };
  return {
    endpoint: tls === undefined ? endpoint : { ...endpoint, tls: { ca: tls.ca, ...own } },
    pid: child.pid ?? 0,
    version: versionOf(program),
    stop,
  };
}

function tlsFlags(tls: Certificates | undefined, mutual = false): string[] {
  if (tls === undefined) return [];
  const { directory } = tls;
  const server = `ssl_chain_cert=${directory}/server.pem,ssl_key=${directory}/server.key`;
  const clients = mutual ? `,ssl_ca_cert=${directory}/ca.pem,ssl_verify_mode=2` : '';
  return ['-Z', '-o', server + clients];
}

/**
 * A free port of the loopback. It is below the range of ephemeral ports, so that the system gives
 * it to no other test before it is used, or while its server is down.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 12_000 + Math.floor(Math.random() * 20_000);
    const isFree = await new Promise<boolean>((resolve) => {
      const server = createServer();
      server.once('error', () => resolve(false));
      server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
    });
    if (isFree) return port;
  }
}

async function answers(
  where: { path: string } | { host: string; port: number },
  child: ChildProcess,
): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}`);
    const up = await new Promise<boolean>((resolve) => {
      const socket = connect(where, () => {
        socket.destroy();
        resolve(true);
      });
      socket.once('error', () => resolve(false));
    });
    if (up) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error('nothing answers');
}

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.kill('SIGKILL');
  });
}
