import type { Clock } from '../clock.ts';
import type { Dialer, Endpoint } from '../transport.ts';
import type { ClientConnectionOptions } from '../wire/client-options.ts';
import type { ServerReplyError } from '../wire/errors.ts';
import type { Link } from './link.ts';
import type { OnCommand } from './observe.ts';

export interface LinkOptions extends Partial<ClientConnectionOptions> {
  readonly dial: Dialer;
  readonly endpoint: Endpoint;
  readonly clock: Clock;
  /** Milliseconds until a command's wait is given up. */
  readonly timeout: number;
  /** Milliseconds until a dial is given up, TLS included. */
  readonly connectTimeout: number;
  /** Whom to log in as, with memcached's ASCII authentication. */
  readonly auth?: { readonly username: string; readonly password: string };
  /** Hears of each command and of its end. */
  readonly onCommand?: OnCommand;
  /** Hears of errors that the server reported to commands nobody waits for. */
  readonly onQuietError?: (error: ServerReplyError) => void;
  /**
   * Called once, when the link has come to its end; `proven` says whether the server ever answered
   * a command on it.
   */
  readonly onClosed: (link: Link, cause: Error | null, proven: boolean) => void;
}
