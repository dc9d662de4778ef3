// The transport cases of a WebSocket, which meets its peer at an exchange.
import { equal, ok, rejects } from '../../conformance/assert.ts';
import { type Case, transportCases, type TransportContext } from '../../conformance/mod.ts';
import { never } from '../../conformance/transport/context.ts';
import { TestEvents } from '../../conformance/transport/peer.ts';
import { newAborter } from '../../core/io/aborter.ts';
import type { Accept, Dialer, Endpoint, Listener } from '../../core/io/transport.ts';
import { SUBPROTOCOL } from '../../core/io/web-socket.ts';
import { WebSocketTransport } from '../../core/io/web-socket-transport.ts';
import { webDialer, type WebSocketConstructor } from '../../transport-web/mod.ts';

/** A dialer of WebSockets, and an exchange where they meet: see websocket-exchange.ts. */
export interface WebSocketContext extends TransportContext {
  /** Dials a path of the exchange. */
  readonly dialPath: (path: string, ...rest: Rest<Parameters<Dialer>>) => ReturnType<Dialer>;
}

type Rest<All extends readonly unknown[]> = All extends [unknown, ...infer Others] ? Others : never;

/** @param ports The port of the exchange, and one where nothing listens. */
export function webSocketContext(
  WebSocket: WebSocketConstructor,
  ports: { readonly exchange: number; readonly nowhere: number },
): WebSocketContext {
  const exchange: Endpoint = { host: '127.0.0.1', port: ports.exchange };
  return {
    dial: webDialer({ WebSocket }),
    listen: (accept) => listen(WebSocket, `ws://127.0.0.1:${ports.exchange}`, accept),
    nowhere: { host: '127.0.0.1', port: ports.nowhere },
    dialPath: (path, events, signal) => webDialer({ WebSocket, path })(exchange, events, signal),
  };
}

/** Requirements on a transport that is a WebSocket. */
export const webSocketCases: readonly Case<WebSocketContext>[] = [
  ...transportCases,
  {
    name: 'WebSocket: a server that chooses no subprotocol is none of ours',
    async run({ dialPath }) {
      await rejects(dialPath('/plain', new TestEvents(), never()), Error);
    },
  },
  {
    name: 'WebSocket: an abort while the server says nothing rejects',
    async run({ dialPath }) {
      const aborter = newAborter();
      const dialing = dialPath('/silent', new TestEvents(), aborter.signal);
      aborter.abort(new Error('took too long'));
      equal((await rejects(dialing, Error)).message, 'took too long');
    },
  },
  {
    name: 'WebSocket: a text message, which is no piece of a stream, ends it',
    async run({ dialPath }) {
      const near = new TestEvents();
      near.transport = await dialPath('/text', near, never());
      ok(/1003/.test((await near.closed)?.message ?? ''), 'the cause has the code');
      equal([near.chunks.length, near.ends], [0, 1]);
    },
  },
  {
    name: 'WebSocket: a close for a failure is the cause of the end',
    async run({ dialPath }) {
      const near = new TestEvents();
      near.transport = await dialPath('/large', near, never());
      ok(/1009: too large/.test((await near.closed)?.message ?? ''), 'the cause has the code');
    },
  },
];

// A page cannot listen, so it dials one WebSocket for each that connects at the exchange.
function listen(
  WebSocket: WebSocketConstructor,
  exchange: string,
  accept: Accept,
): Promise<Listener> {
  return new Promise((resolve) => {
    const owner = new WebSocket(`${exchange}/listen`, [SUBPROTOCOL]);
    const closed = new Promise<void>((resolve) => owner.addEventListener('close', () => resolve()));
    let endpoint: Endpoint | null = null;
    owner.addEventListener('message', ({ data }) => {
      if (endpoint !== null) {
        return join(new WebSocket(`${exchange}/accept/${String(data)}`, [SUBPROTOCOL]));
      }
      endpoint = { host: '127.0.0.1', port: Number(data) };
      resolve({
        endpoint,
        close() {
          owner.send(new Uint8Array(1));
          return closed;
        },
      });
    });
    const join = (socket: InstanceType<WebSocketConstructor>): void => {
      const transport = new WebSocketTransport(socket);
      socket.addEventListener('open', () => transport.attach(accept(transport, 'websocket')));
    };
  });
}
