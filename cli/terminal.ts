// The interface between a command line program and its process: streams and signals.
import { setMaxListeners } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import type { Clock } from '../core/io/clock.ts';

/** The input of a command line program. */
export interface TerminalInput extends Readable {
  readonly isTTY?: boolean;
  /** Takes each key as it is pressed, instead of lines. */
  setRawMode?(raw: boolean): unknown;
}

/** An output of a command line program. */
export interface TerminalOutput extends Writable {
  readonly isTTY?: boolean;
  /** The width of a terminal. */
  readonly columns?: number;
}

/** The parts of its process that a command line program uses. */
export interface Terminal {
  readonly stdin: TerminalInput;
  readonly stdout: TerminalOutput;
  readonly stderr: TerminalOutput;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  /**
   * The words that start this program, before its arguments; none if it cannot be started again.
   */
  readonly program: readonly string[];
  /** Registers a callback that is called once, when the program is to stop. */
  onStop(call: () => void): void;
}

/**
 * Writes, and waits until it is written: backpressure from a slow reader slows the program down.
 *
 * @throws The stream's error: `EPIPE` when the reader has closed the pipe.
 */
export function print(to: Writable, data: string | Uint8Array): Promise<void> {
  if (data.length === 0) return Promise.resolve();
  return new Promise((resolve, reject) => {
    to.write(data, (error) => (error === undefined || error === null ? resolve() : reject(error)));
  });
}

/** The colours and emphases of texts, with the codes that begin and end each. */
const codes = {
  bold: [1, 22],
  faint: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  blue: [34, 39],
} as const;

/** Puts a text in a colour, where the reader has colours. */
export type Paint = (colour: keyof typeof codes, text: string) => string;

/**
 * The colours of an output: none in a pipe, in a dumb terminal, or with `NO_COLOR` in the
 * environment, which <https://no-color.org> describes.
 */
export function painter(to: TerminalOutput, { environment }: Pick<Terminal, 'environment'>): Paint {
  const { NO_COLOR: refused = '', TERM: kind, WT_SESSION: windows } = environment;
  const isAble = (kind ?? windows ?? 'dumb') !== 'dumb';
  if (to.isTTY !== true || refused !== '' || !isAble) return (_, text) => text;
  return (colour, text) => `\x1b[${codes[colour][0]}m${text}\x1b[${codes[colour][1]}m`;
}

/** Whether an error means that the reader has closed the pipe, as in `memwire dump | head`. */
export function isBrokenPipe(error: unknown): boolean {
  return error instanceof Error && 'code' in error &&
    (error.code === 'EPIPE' || error.code === 'ERR_STREAM_DESTROYED');
}

/** The whole input. */
export async function readAll(from: Readable): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  for await (const chunk of from) chunks.push(Buffer.from(chunk as Uint8Array));
  return Buffer.concat(chunks);
}

/** A signal that is aborted when the program is to stop, or by `abort`. */
export function stopSignal(terminal: Terminal): AbortController {
  const aborter = newAborter();
  terminal.onStop(() => aborter.abort());
  return aborter;
}

/** Allows any number of listeners: Node would warn of the eleventh. */
export function newAborter(): AbortController {
  const aborter = new AbortController();
  setMaxListeners(0, aborter.signal);
  return aborter;
}
