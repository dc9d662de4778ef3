import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { findProgram, startMemcached } from '../test/support/memcached.ts';
import { pin } from './cores.ts';

/** A server in a process of its own. */
export interface ServerProcess {
  readonly name: ServerName;
  readonly port: number;
  readonly pid: number;
  stop(): Promise<void>;
}

export type ServerName = 'memwire' | 'memcached';

// The built program, as it is installed: the loader that runs the bench would slow it down.
export const BIN: string = join(import.meta.dirname, '../dist/cli.js');

/** The servers there are on this machine: memcached may be missing. */
export function serverNames(): ServerName[] {
  return findProgram('memcached') === null ? ['memwire'] : ['memwire', 'memcached'];
}

/**
 * Starts a server on a free port of the loopback.
 *
 * @param memory Its limit in megabytes.
 * @param core The processor it is to stay on, or null.
 * @param others More options, which both programs know.
 */
export async function startServer(
  name: ServerName,
  memory: number,
  core: number | null,
  others: readonly string[] = [],
): Promise<ServerProcess> {
  const options = ['-m', String(memory), ...others];
  const server = name === 'memwire' ? await startMemwire(options) : await startReal(options);
  if (core !== null) pin(server.pid, core);
  return server;
}

async function startReal(options: readonly string[]): Promise<ServerProcess> {
  // One thread, because memwire has one.
  const server = await startMemcached(findProgram('memcached') ?? '', {
    args: ['-t', '1', ...options],
  });
  const port = 'port' in server.endpoint ? server.endpoint.port : 0;
  const pid = Number((await stats(port)).get('pid'));
  return { name: 'memcached', port, pid, stop: () => server.stop() };
}

async function startMemwire(options: readonly string[]): Promise<ServerProcess> {
  const args = [BIN, 'serve', '-l', '127.0.0.1', '-p', '-1', ...options];
  return { name: 'memwire', ...await startProgram(args) };
}

/** Starts a program of Node that prints, as its first line, where it listens. */
export async function startProgram(args: readonly string[]): Promise<Omit<ServerProcess, 'name'>> {
  // MEMWIRE_NODE_FLAGS=--cpu-prof shows where the time goes.
  const flags = process.env['MEMWIRE_NODE_FLAGS']?.split(' ') ?? [];
  const child = spawn(process.execPath, [...flags, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const line = await firstLine(child);
  return {
    port: Number(/:(\d+)$/.exec(line)?.[1]),
    pid: child.pid ?? 0,
    stop: () =>
      new Promise((resolve) => {
        child.once('exit', () => resolve());
        child.kill('SIGTERM');
      }),
  };
}

function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = '';
    child.once(
      'exit',
      (code) => reject(new Error(`${child.spawnargs.join(' ')} ended with ${code}`)),
    );
    child.stdout?.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      const end = said.indexOf('\n');
      if (end >= 0) resolve(said.slice(0, end));
    });
  });
}

/** What a server says to `stats`. */
export function stats(port: number): Promise<ReadonlyMap<string, string>> {
  return new Promise((resolve, reject) => {
    let said = '';
    const socket = connect(port, '127.0.0.1', () => socket.write('stats\r\n'));
    socket.once('error', reject);
    socket.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (!said.endsWith('END\r\n')) return;
      socket.destroy();
      resolve(new Map([...said.matchAll(/^STAT (\S+) (.*)\r$/gm)].map((m) => [m[1]!, m[2]!])));
    });
  });
}

/**
 * The seconds of processor time a process has used in all its threads. Unlike a rate it holds
 * nothing of the program on the other side, nor of what else runs on the machine.
 */
export function cpuSeconds(pid: number): number {
  let nanoseconds = 0;
  // In nanoseconds here; /proc/PID/stat counts in hundredths of a second.
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    const [running = '0'] = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(
      ' ',
    );
    nanoseconds += Number(running);
  }
  return nanoseconds / 1e9;
}

/** The memory a process has, and the most it ever had, in bytes. */
export function memory(pid: number): { readonly now: number; readonly peak: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const bytes = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]) * 1024;
  return { now: bytes('VmRSS'), peak: bytes('VmHWM') };
}
