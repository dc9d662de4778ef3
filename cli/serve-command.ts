// `memwire serve`: runs the embedded server.
import { rmSync, writeFileSync } from 'node:fs';
import { endpointName } from '../core/client/connection/endpoint.ts';
import { FlagError, oneLine } from './console/flags.ts';
import { SERVER_VERSION } from '../core/server/options.ts';
import { Server } from '../core/server/serve.ts';
import type { Accept, Endpoint, Listener } from '../core/io/transport.ts';
import { VERSION } from '../core/version.ts';
import { listen } from '../transport-node/listen.ts';
import { isDaemon, startDaemon, tellStarted } from './daemon.ts';
import { parseServeFlags, type ServeFlags, serveHelp } from './serve-flags.ts';
import type { Terminal } from './terminal.ts';

/**
 * Runs `memwire serve` until it is stopped.
 *
 * @returns The exit code: 0 after a stop, 1 when it could not start.
 */
export async function serveCommand(args: readonly string[], terminal: Terminal): Promise<number> {
  let flags: ServeFlags;
  try {
    flags = parseServeFlags(args);
  } catch (error) {
    if (!(error instanceof FlagError)) throw error;
    terminal.stderr.write(`memwire serve: ${error.message} (memwire serve -h lists the flags)\n`);
    return 1;
  }
  if (flags.show === 'help') terminal.stdout.write(serveHelp);
  if (flags.show === 'version') {
    terminal.stdout.write(`memwire ${VERSION} (memcached ${SERVER_VERSION})\n`);
  }
  if (flags.show !== null) return 0;
  if (!isDaemon(terminal)) {
    for (const notice of flags.notices) terminal.stderr.write(`memwire serve: ${notice}\n`);
  }
  return flags.daemon && !isDaemon(terminal)
    ? await startDaemon(args, flags.verbose > 0, terminal)
    : await run(flags, terminal);
}

async function run(flags: ServeFlags, terminal: Terminal): Promise<number> {
  let server: Server;
  try {
    server = new Server({ ...flags.options, processFacts });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    terminal.stderr.write(
      'memwire serve: -m: this runtime cannot reserve so much memory at once\n',
    );
    return 1;
  }
  const accept: Accept = (transport, address) => {
    const events = server.accept(transport, address);
    if (flags.verbose === 0) return events;
    terminal.stderr.write(`new connection from ${address}\n`);
    return {
      onData: (chunk) => events.onData(chunk),
      onDrain: () => events.onDrain(),
      onEnd: () => events.onEnd?.(),
      onClosed(cause) {
        terminal.stderr.write(`closed connection from ${address}\n`);
        events.onClosed(cause);
      },
    };
  };
  const listeners: Listener[] = [];
  // Before it reports that it listens: it may be stopped right then.
  const stopped = new Promise<void>((resolve) => {
    server.engine.onShutdown = () => resolve();
    terminal.onStop(resolve);
  });
  let pidFile: string | null = null;
  let said = '';
  const stop = async (): Promise<void> => {
    if (pidFile !== null) rmSync(pidFile, { force: true });
    await Promise.all(listeners.map((listener) => listener.close()));
    server.close();
  };
  try {
    for (const endpoint of flags.endpoints) {
      const listener = await tryListen(flags, endpoint, listeners, accept);
      if (listener === null) continue;
      listeners.push(listener);
      said += `listening on ${endpointName(listener.endpoint)}\n`;
    }
    pidFile = writePid(flags.pidFile);
    terminal.stdout.write(said);
    if (isDaemon(terminal)) tellStarted(said);
  } catch (error) {
    const reason = error instanceof FlagError ? '' : 'cannot listen: ';
    const text = error instanceof Error ? error.message : String(error);
    terminal.stderr.write(`memwire serve: ${reason}${text}\n`);
    await stop();
    return 1;
  }
  await stopped;
  await stop();
  return 0;
}

// The default is two loopback addresses. A machine may lack the second, and a free port that was
// found for the first must be used for both.
async function tryListen(
  { options, mode, tls }: ServeFlags,
  endpoint: Endpoint,
  before: readonly Listener[],
  accept: Accept,
): Promise<Listener | null> {
  const first = before[0]?.endpoint;
  const port = first !== undefined && 'port' in first ? first.port : 0;
  const at = 'port' in endpoint && endpoint.port === 0 ? { ...endpoint, port } : endpoint;
  try {
    return await listen(tls === undefined ? at : { ...at, tls }, accept, mode);
  } catch (error) {
    const isSpare = before.length > 0 && options.settings?.['inter'] === '127.0.0.1,::1';
    const code = error instanceof Error && 'code' in error ? error.code : '';
    // Another process owns the port: clients of `localhost` might reach that one, so stop.
    const isTaken = code === 'EADDRINUSE' && at === endpoint;
    if (isSpare && !isTaken) return null;
    throw error;
  }
}

/** @throws FlagError */
function writePid(file: string | undefined): string | null {
  if (file === undefined) return null;
  try {
    writeFileSync(file, `${process.pid}\n`);
    return file;
  } catch (error) {
    throw new FlagError(`-P: ${oneLine(error)}`);
  }
}

function processFacts(): { pid: number; user: number; system: number } {
  const { user, system } = process.cpuUsage();
  return { pid: process.pid, user: user / 1e6, system: system / 1e6 };
}
