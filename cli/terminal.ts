import { setMaxListeners } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import type { Clock } from '../core/io/clock.ts';

/** Where a command line program reads from. */
export interface TerminalInput extends Readable {
  readonly isTTY?: boolean;
  /** Takes each key as it is pressed, instead of lines. */
  setRawMode?(raw: boolean): unknown;
}

/** Where it writes to. */
export interface TerminalOutput extends Writable {
  readonly isTTY?: boolean;
  /** How wide a terminal is. */
  readonly columns?: number;
}

/** What a command line program uses of its process. */
export interface Terminal {
  readonly stdin: TerminalInput;
  readonly stdout: TerminalOutput;
  readonly stderr: Writable;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  /** The words that start this program, before its arguments; none where that cannot be done. */
  readonly program: readonly string[];
  /** Calls back once when the program is asked to stop. */
  onStop(call: () => void): void;
}

/**
 * Writes, and waits until it is written, so that who reads slowly slows the program down.
 *
 * @throws The stream's error: `EPIPE` where nobody reads any more.
 */
export function print(to: Writable, data: string | Uint8Array): Promise<void> {
  if (data.length === 0) return Promise.resolve();
  return new Promise((resolve, reject) => {
    to.write(data, (error) => (error === undefined || error === null ? resolve() : reject(error)));
  });
}

/** Whether this is what writing for nobody gives, as in `memwire dump | head`. */
export function isBrokenPipe(error: unknown): boolean {
  return error instanceof Error && 'code' in error &&
    (error.code === 'EPIPE' || error.code === 'ERR_STREAM_DESTROYED');
}

/** All that there is to read. */
export async function readAll(from: Readable): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  for await (const chunk of from) chunks.push(Buffer.from(chunk as Uint8Array));
  return Buffer.concat(chunks);
}

/** Is aborted when the program is asked to stop. `abort` does so from within. */
export function stopSignal(terminal: Terminal): AbortController {
  const aborter = newAborter();
  terminal.onStop(() => aborter.abort());
  return aborter;
}

/** For any number of calls: Node would warn of the eleventh. */
export function newAborter(): AbortController {
  const aborter = new AbortController();
  setMaxListeners(0, aborter.signal);
  return aborter;
}
