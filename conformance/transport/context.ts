// The contexts of the transport cases.
import {
  type AbortSignalLike,
  type Accept,
  type Dialer,
  type Endpoint,
  type Listener,
  newAborter,
} from '../../core/io/transport.ts';
import type { Case } from '../case.ts';
import { type Peer, startPeer, TestEvents } from './peer.ts';

/** The dialer under test, and a way to be its peer. */
export interface TransportContext {
  /** The dialer that is judged. */
  readonly dial: Dialer;
  /** Starts to accept the dialer's connections. */
  readonly listen: (accept: Accept) => Promise<Listener>;
  /** An endpoint of this kind where nothing listens. */
  readonly nowhere: Endpoint;
}

/** The dialer under test, which speaks TLS. */
export interface TlsTransportContext extends TransportContext {
  /** The same without TLS. */
  readonly plain: Pick<TransportContext, 'dial' | 'listen'>;
  /** The same with a certificate that is its own authority, as `openssl req -x509` makes it. */
  readonly selfSigned: Pick<TransportContext, 'dial' | 'listen'>;
  /** Dialers that must not connect to `listen`, by their fault. */
  readonly strangers: Readonly<Record<string, Dialer>>;
}

/** The dialer under test, of streams with half-close. */
export interface HalfCloseTransportContext extends TransportContext {
  /**
   * Starts a peer that answers the first bytes of a connection with these words, half-closes, and
   * reads on.
   */
  readonly listenAndEnd: (words: string) => Promise<EndingListener>;
  /**
   * Connects to `listen`, sends these words and half-closes.
   *
   * @returns All bytes until the other side ends too.
   */
  readonly dialAndEnd: (to: Endpoint, words: string) => Promise<Uint8Array>;
}

/** A listener whose connections report a half-close. */
export interface EndingListener extends Listener {
  /** Resolves at the end of its first connection, with all received bytes. */
  readonly heard: Promise<Uint8Array>;
}

/** A signal that is never aborted. */
export const never = (): AbortSignalLike => newAborter().signal;

/**
 * Listens, dials once, and hands both ends to the case.
 *
 * @param makeNear Makes the owner of the dialed end.
 */
export function connected<Near extends TestEvents = TestEvents>(
  name: string,
  run: (
    ends: { near: Near; far: Peer; context: TransportContext; endpoint: Endpoint },
  ) => Promise<void>,
  makeNear: () => Near = () => new TestEvents() as Near,
): Case<TransportContext> {
  return {
    name,
    async run(context) {
      const peers = startPeer();
      const listener = await context.listen(peers.accept);
      const near = makeNear();
      try {
        near.transport = await context.dial(listener.endpoint, near, never());
        const far = await peers.next();
        await run({ near, far, context, endpoint: listener.endpoint });
      } finally {
        near.transport?.abort();
        await listener.close();
      }
    },
  };
}
