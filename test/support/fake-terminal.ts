// A terminal for command lines that run in the process of a test.
import { PassThrough, Writable } from 'node:stream';
import { type Clock, systemClock } from '../../core/io/clock.ts';
import { main } from '../../cli/main.ts';
import type { Terminal } from '../../cli/terminal.ts';

/** A stream that records everything written to it. */
export class Capture extends Writable {
  isTTY = false;
  /** The width of a terminal. */
  columns?: number;
  /** The error code of each write: `EPIPE` after the reader has closed. */
  failure: string | null = null;
  readonly #chunks: Buffer[] = [];
  #heard: () => void = () => {};

  get bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  get text(): string {
    return this.bytes.toString();
  }

  /** Waits until this text has been written. */
  async says(what: RegExp): Promise<void> {
    while (!what.test(this.text)) {
      await new Promise<void>((resolve) => {
        this.#heard = resolve;
      });
    }
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error) => void): void {
    const { failure: code } = this;
    if (code !== null) return done(Object.assign(new Error(code), { code, syscall: 'write' }));
    this.#chunks.push(chunk);
    this.#heard();
    done();
  }
}

/** Standard input, optionally a terminal. */
class FakeInput extends PassThrough {
  isTTY = false;
  /** Whether the terminal is in raw mode. */
  raw = false;

  setRawMode(raw: boolean): void {
    this.raw = raw;
  }
}

/** The terminal of a command line that runs in this process. */
export class FakeTerminal implements Terminal {
  readonly stdin: FakeInput = new FakeInput();
  readonly stdout: Capture = new Capture();
  readonly stderr: Capture = new Capture();
  readonly environment: Record<string, string | undefined>;
  readonly clock: Clock;
  readonly program: readonly string[] = [];
  #stop: () => void = () => {};

  constructor(environment: Record<string, string | undefined> = {}, clock: Clock = systemClock) {
    this.environment = environment;
    this.clock = clock;
    // A stream also emits the error of a failed write.
    this.stdout.on('error', () => {});
  }

  onStop(call: () => void): void {
    this.#stop = call;
  }

  /** Sends SIGINT. */
  stop(): void {
    this.#stop();
  }
}

/** The result of a command line. */
export interface Said {
  readonly code: number;
  readonly bytes: Buffer;
  readonly out: string;
  readonly err: string;
}

/** Runs a command line with this input, to its end. */
export async function say(
  args: readonly string[],
  { input = '', environment = {}, clock }: {
    readonly input?: string | Uint8Array;
    readonly environment?: Record<string, string | undefined>;
    readonly clock?: Clock;
  } = {},
): Promise<Said> {
  const terminal = new FakeTerminal(environment, clock);
  terminal.stdin.end(input);
  const code = await main(args, terminal);
  const { bytes, text } = terminal.stdout;
  return { code, bytes, out: text, err: terminal.stderr.text };
}
