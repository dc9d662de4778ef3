// The history of the console, in a file.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';

/** How many lines are kept. */
export const HISTORY_SIZE = 1000;

/** An address with something before an `@`, torn apart or not. */
const LOGIN = /:\/\/.*@/;

/**
 * The lines of earlier sessions. If they cannot be read or written the history is empty: the
 * console works without it.
 */
export class History {
  readonly #file: string;

  constructor(environment: Readonly<Record<string, string | undefined>>) {
    const { XDG_STATE_HOME: state, HOME: home = homedir() } = environment;
    // The XDG Base Directory Specification says to ignore a relative path.
    const directory = state !== undefined && isAbsolute(state) ? state : join(home, '.local/state');
    this.#file = join(directory, 'memwire', 'history');
  }

  /** The newest first, as readline expects. */
  read(): string[] {
    try {
      return readFileSync(this.#file, 'utf8').split('\n').filter((line) => line !== '').reverse()
        .slice(0, HISTORY_SIZE);
    } catch {
      return [];
    }
  }

  /**
   * Saves these, the newest first, readable by this user alone: values may be secrets. A line with a
   * login in the address of a server, which no command takes, is left out.
   */
  write(lines: readonly string[]): void {
    try {
      mkdirSync(dirname(this.#file), { recursive: true, mode: 0o700 });
      const kept = lines.filter((line) => !LOGIN.test(line));
      const text = kept.slice(0, HISTORY_SIZE).toReversed().map((line) => `${line}\n`).join('');
      writeFileSync(this.#file, text, { mode: 0o600 });
    } catch {
      // The home directory is read-only, or full.
    }
  }
}
