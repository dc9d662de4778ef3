// `memwire top`: shows the activity of servers.
import { checkWords } from './console/commands.ts';
import { CommandLine, connectionFlags } from './console/flags.ts';
import { MemcacheError } from '../core/wire/errors.ts';
import { connect, type Session } from './connect.ts';
import { commandHelp, topProgram } from './help.ts';
import { ratesBetween, type Reading } from './rates.ts';
import { print, stopSignal, type Terminal } from './terminal.ts';
import { type Activity, Screen } from './top-screen.ts';

/**
 * Runs `memwire top`: in a terminal it redraws the activity of servers until `q` or Ctrl-C;
 * otherwise it prints a line for each reading, and for several servers one for each and a total.
 *
 * @returns The exit code.
 * @throws FlagError, MemcacheError when no server can be read at first, and what the streams throw.
 */
export async function runTop(args: readonly string[], terminal: Terminal): Promise<number> {
  const line = new CommandLine(args, [...topProgram.flags, ...connectionFlags, 'help']);
  if (line.has('help')) {
    await print(terminal.stdout, commandHelp(topProgram));
    return 0;
  }
  checkWords(topProgram, line.words);
  const interval = (line.number('interval') ?? 1) * 1000;
  const count = line.number('count') ?? Infinity;
  const named = line.words.length === 0 ? [undefined] : line.words;
  const servers = named.map((word) => new WatchedServer(connect(line, terminal, word), terminal));
  const stop = stopSignal(terminal);
  const releaseKeys = stopAtKey(terminal, stop);
  const screen = new Screen(terminal, servers.map(({ name }) => name), line.has('json'));
  const read = (): Promise<Activity[]> =>
    Promise.all(servers.map((server) => server.read(stop.signal)));
  try {
    const first = await read();
    const [error] = first;
    if (error instanceof Error && first.every((activity) => activity !== null)) throw error;
    for (let intervals = 0; intervals < count; intervals++) {
      await pause(terminal, interval, stop.signal);
      if (stop.signal.aborted) break;
      await screen.show(await read());
    }
    return 0;
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    return 0;
  } finally {
    releaseKeys();
    // Pending replies are not waited for.
    for (const server of servers) server.close();
  }
}

/** A server that is read again and again. */
class WatchedServer {
  readonly name: string;
  readonly #session: Session;
  readonly #terminal: Terminal;
  #before: Reading | null = null;

  constructor(session: Session, terminal: Terminal) {
    this.name = session.server ?? 'an embedded server';
    this.#session = session;
    this.#terminal = terminal;
  }

  /** Its activity since it was last read; its error, since a server that is down may come back. */
  async read(signal: AbortSignal): Promise<Activity> {
    const before = this.#before;
    this.#before = null;
    try {
      const stats = await this.#session.client.stats([], { signal });
      const after = { at: this.#terminal.clock.elapsed(), stats };
      this.#before = after;
      return before === null ? null : ratesBetween(before, after);
    } catch (error) {
      if (error instanceof MemcacheError && !signal.aborted) return error;
      throw error;
    }
  }

  close(): void {
    void this.#session.close();
  }
}

function pause({ clock }: Terminal, milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const end = (): void => {
      cancel();
      signal.removeEventListener('abort', end);
      resolve();
    };
    const cancel = clock.after(milliseconds, end);
    signal.addEventListener('abort', end);
  });
}

/** Aborts at `q` and at Ctrl-C; returns a function that restores the keyboard. */
function stopAtKey({ stdin, stdout }: Terminal, stop: AbortController): () => void {
  if (stdin.isTTY !== true || stdout.isTTY !== true) return () => {};
  const onData = (chunk: Uint8Array): void => {
    if (/[qQ\x03\x04]/.test(Buffer.from(chunk).toString('latin1'))) stop.abort();
  };
  stdin.setRawMode?.(true);
  stdin.on('data', onData);
  return () => {
    stdin.off('data', onData).pause();
    stdin.setRawMode?.(false);
  };
}
