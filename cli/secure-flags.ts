// The flags for TLS and a login, of all programs.
import { FlagError } from './console/flags.ts';
import type { TlsOptions } from '../core/io/transport.ts';
import { readText } from './read-text.ts';

/** The flags for TLS and for a login. */
export type SecureFlag = 'ca' | 'cert' | 'key' | 'server-name' | 'auth-file';

/** Reads the flags for TLS and a login, of a server or, with a prefix, of an upstream. */
export class SecureFlags {
  readonly #text: (name: SecureFlag) => string | undefined;
  readonly #prefix: string;

  /**
   * @param text Returns the value of a flag; undefined if it is absent.
   * @param prefix The prefix of each name: `upstream-`.
   */
  constructor(text: (name: SecureFlag) => string | undefined, prefix = '') {
    this.#text = text;
    this.#prefix = prefix;
  }

  /**
   * The options of TLS; undefined for a connection without it.
   *
   * @param isWanted Whether TLS is used in any case; each flag except the login's implies it.
   * @throws FlagError
   */
  tls(isWanted: boolean): TlsOptions | undefined {
    const [ca, cert, key] = [this.#file('ca'), this.#file('cert'), this.#file('key')];
    const serverName = this.#text('server-name');
    if ((cert === undefined) !== (key === undefined)) {
      throw new FlagError(`${this.#name('cert')} and ${this.#name('key')} go together`);
    }
    if (!isWanted && (ca ?? cert ?? serverName) === undefined) return undefined;
    return {
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
      ...(serverName === undefined ? {} : { serverName }),
    };
  }

  /**
   * The login in the first line of a file. It is not a flag because everybody on the machine can
   * see the arguments of a process.
   *
   * @throws FlagError
   */
  login(): Login | undefined {
    const line = this.#file('auth-file')?.split(/\r?\n/, 1)[0];
    return line === undefined ? undefined : toLogin(this.#name('auth-file'), line);
  }

  #file(name: SecureFlag): string | undefined {
    const file = this.#text(name);
    return file === undefined ? undefined : readText(this.#name(name), file);
  }

  #name(name: SecureFlag): string {
    return `--${this.#prefix}${name}`;
  }
}

export interface Login {
  readonly username: string;
  readonly password: string;
}

/**
 * A login that is written as `user:password`.
 *
 * @param where Its source, for the error message.
 * @throws FlagError
 */
export function toLogin(where: string, text: string): Login {
  const colon = text.indexOf(':');
  if (colon < 1) throw new FlagError(`${where}: it must say user:password`);
  return { username: text.slice(0, colon), password: text.slice(colon + 1) };
}
