import { FlagError } from './console/flags.ts';
import type { TlsOptions } from '../core/io/transport.ts';
import { readText } from './read-text.ts';

/** The flags that name a file, or the name of a server, to connect with. */
export type SecureFlag = 'ca' | 'cert' | 'key' | 'server-name' | 'auth-file';

/** Flags for TLS to a server and for a login, which stand for themselves, or for an upstream. */
export class SecureFlags {
  readonly #text: (name: SecureFlag) => string | undefined;
  readonly #prefix: string;

  /**
   * @param text Gives the value of a flag; undefined where it is not given.
   * @param prefix What stands before the name of each: `upstream-`.
   */
  constructor(text: (name: SecureFlag) => string | undefined, prefix = '') {
    this.#text = text;
    this.#prefix = prefix;
  }

  /**
   * How to speak TLS; undefined for not at all.
   *
   * @param isWanted Speak it in any case; each flag but the login's says so too.
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
   * The login in the first line of a file: the arguments of a process are for everybody on the
   * machine to see.
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
 * @param where Where it is written.
 * @throws FlagError
 */
export function toLogin(where: string, text: string): Login {
  const colon = text.indexOf(':');
  if (colon < 1) throw new FlagError(`${where}: it must say user:password`);
  return { username: text.slice(0, colon), password: text.slice(colon + 1) };
}
