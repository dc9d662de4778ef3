import type { Clock } from '../../io/clock.ts';
import type { Dialer, Endpoint } from '../../io/transport.ts';
import type { ClientConnectionOptions } from '../../wire/client-connection.ts';
import type { ServerReplyError, TimeoutError } from '../../wire/errors.ts';
import type { Link } from './link.ts';
import type { OnCommand } from './observe.ts';
import type { Pace } from './pace.ts';

export interface LinkOptions extends Partial<ClientConnectionOptions> {
  readonly dial: Dialer;
  readonly endpoint: Endpoint;
  readonly clock: Clock;
  /** What it shares with the links that work beside it; its own by default. */
  readonly pace?: Pace;
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
  /** Called once, when a command was late and no reply had come since it was sent. */
  readonly onLate?: (link: Link, error: TimeoutError) => void;
  /**
   * Called once, when the link has come to its end. Returns the link that is to do what this one did
   * not do, or null.
   * `cause` is null where it was closed in order, or by its owner. `atProbe`: the server closed it at
   * the probe for meta commands.
   */
  readonly onClosed: (
    link: Link,
    end: { readonly cause: Error | null; readonly atProbe: boolean },
  ) => Link | null;
}
