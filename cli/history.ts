import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';

/** So many lines are kept. */
export const HISTORY_SIZE = 1000;

/**
 * The lines of former sessions. Where they cannot be read or written there are none: that is no
 * reason to have no console.
 */
export class History {
  readonly #file: string;

  constructor(environment: Readonly<Record<string, string | undefined>>) {
    const { XDG_STATE_HOME: state, HOME: home = homedir() } = environment;
    // A relative path is to be ignored, says the XDG Base Directory Specification.
    const directory = state !== undefined && isAbsolute(state) ? state : join(home, '.local/state');
    this.#file = join(directory, 'memwire', 'history');
  }

  /** The newest first, as readline has it. */
  read(): string[] {
    try {
      return readFileSync(this.#file, 'utf8').split('\n').filter((line) => line !== '').reverse()
        .slice(0, HISTORY_SIZE);
    } catch {
      return [];
    }
  }

  /** Keeps these, the newest first, for this user alone: there may be secrets among the values. */
  write(lines: readonly string[]): void {
    try {
      mkdirSync(dirname(this.#file), { recursive: true, mode: 0o700 });
      const text = lines.slice(0, HISTORY_SIZE).toReversed().map((line) => `${line}\n`).join('');
      writeFileSync(this.#file, text, { mode: 0o600 });
    } catch {
      // A home that is read-only, or full.
    }
  }
}
