// A Worker that runs lists of cases, and shows what becomes of a client in a second request.
import type { HalfCloseTransportContext, TlsTransportContext } from '../../conformance/mod.ts';
import type { Dialer } from '../../core/io/transport.ts';
import { MemcacheError } from '../../core/wire/errors.ts';
import {
  Client,
  dial,
  type SocketConnect,
  socketDialer,
  type WebSocketConstructor,
} from '../../transport-web/workers.ts';
import type { CaseResults } from '../support/cases.ts';
import { webSocketContext } from '../browser/web-socket-cases.ts';
import { clientContext, type Parameters, portsOf, resultsOf, workerLists } from './lists.ts';
import { socketContext } from './socket-context.ts';

interface Network {
  readonly connect: SocketConnect;
}

/** The networks besides its own differ in which authorities they trust. */
interface Environment {
  readonly selfSigned: Network;
  readonly stranger: Network;
  readonly object: {
    idFromName(name: string): unknown;
    get(id: unknown): { fetch(request: Request): Promise<Response> };
  };
}

declare const WebSocket: WebSocketConstructor;

// Used from request to request, as a Worker must not.
let kept: Client | null = null;

type Answer = (parameters: Parameters, env: Environment) => Promise<unknown>;

const answers: Readonly<Record<string, Answer>> = {
  '/client': (parameters) =>
    resultsOf(
      workerLists.client,
      clientContext(parameters, (server, options) => new Client(server, options)),
    ),
  '/transport': (parameters) =>
    resultsOf(workerLists.transport, socketContext(dial, portsOf(parameters))),
  '/tls': tls,
  '/web-socket': (parameters) =>
    resultsOf(workerLists['web-socket'], webSocketContext(WebSocket, portsOf(parameters))),
  '/kept': ({ port, call = 'get', over = 'tcp' }) => {
    kept ??= new Client(`127.0.0.1:${port}`, over === 'tls' ? { tls: {} } : {});
    return told(call === 'close' ? kept.close() : kept.get('a'));
  },
  '/forget': () => {
    kept = null;
    return Promise.resolve(null);
  },
  '/set': async ({ port, dialect }) => {
    await using client = new Client(`127.0.0.1:${port}`, dialect === 'text' ? { dialect } : {});
    return await told(client.set('a', 'b'));
  },
};

function tls(parameters: Parameters, { selfSigned, stranger }: Environment): Promise<CaseResults> {
  const ports = portsOf(parameters);
  const over = (connect?: SocketConnect, serverName?: string): Dialer => {
    const dialer = connect === undefined ? dial : socketDialer({ connect });
    const options = serverName === undefined ? {} : { serverName };
    return (to, events, signal) => dialer({ ...to, tls: options }, events, signal);
  };
  const plain = socketContext(dial, ports);
  const self = over((...how) => selfSigned.connect(...how));
  const context: TlsTransportContext & HalfCloseTransportContext = {
    ...socketContext(dial, ports, 'tls', over()),
    plain,
    selfSigned: { dial: self, listen: socketContext(dial, ports, 'self').listen },
    strangers: {
      'an authority that is not trusted': over((...how) => stranger.connect(...how)),
      'another name': over(undefined, 'example.com'),
    },
  };
  return resultsOf<typeof context>(workerLists.tls, context);
}

/** What a call resolves with, or the facts of its error. */
async function told(call: Promise<unknown>): Promise<unknown> {
  try {
    return { value: await call };
  } catch (error) {
    if (!(error instanceof MemcacheError)) throw error;
    const { name, code, outcome, message } = error;
    return { name, code, outcome, message };
  }
}

export default {
  async fetch(request: Request, env: Environment): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === '/object') {
      return await env.object.get(env.object.idFromName('a')).fetch(request);
    }
    const answer = answers[pathname];
    if (answer === undefined) return new Response('', { status: 404 });
    return Response.json(await answer(Object.fromEntries(searchParams), env));
  },
};

/** A Durable Object, to which its connections belong: a client serves all of its requests. */
export class Keeper {
  #client: Client | null = null;
  #visits = 0;

  async fetch(request: Request): Promise<Response> {
    const { searchParams } = new URL(request.url);
    this.#client ??= new Client(`127.0.0.1:${searchParams.get('port')}`);
    await this.#client.set('visits', ++this.#visits);
    return Response.json(await told(this.#client.get('visits')));
  }
}
