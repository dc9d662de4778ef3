// The playground's server: its page, and a bridge for this page alone.
import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Dialer, Endpoint } from '../core/io/transport.ts';
import { listenBridge, type RunningBridge } from '../transport-node/bridge.ts';

/** A running playground. */
export interface Playground {
  /** The address of its page: `http://127.0.0.1:40000/`. */
  readonly url: string;
  readonly bridge: RunningBridge;
  close(): Promise<void>;
}

export interface PlaygroundOptions {
  /** The contents of the files of the page, by their names: `pageFiles` at least. */
  readonly files: ReadonlyMap<string, string>;
  /** The memcached behind the bridge. */
  readonly upstream: {
    readonly dial: Dialer;
    readonly endpoint: Endpoint;
    /** Its name for the page; null for an embedded one. */
    readonly server: string | null;
  };
  /** A free one by default. */
  readonly port?: number;
}

/** The files of the page, as the package has them. */
export const pageFiles: readonly string[] = ['index.html', 'page.css', 'page.js', 'icon.svg'];

const types: ReadonlyMap<string, string> = new Map([
  ['html', 'text/html'],
  ['css', 'text/css'],
  ['js', 'text/javascript'],
  ['svg', 'image/svg+xml'],
]);

/**
 * Serves the page, and a bridge for this page alone, which requires its origin and a new token.
 * Both listen on the loopback, and the keys of the page have a prefix, so that it reads and writes
 * no others.
 */
export async function startPlayground(
  { files, upstream: { dial, endpoint, server }, port = 0 }: PlaygroundOptions,
): Promise<Playground> {
  const http = createServer();
  await new Promise<void>((resolve, reject) => {
    http.once('error', reject);
    http.listen(port, HOST, resolve);
  });
  const address = http.address();
  const host = `${HOST}:${typeof address === 'object' && address !== null ? address.port : port}`;
  const token = randomBytes(24).toString('base64url');
  const bridge = await listenBridge({ host: HOST, port: 0 }, {
    upstream: endpoint,
    dial,
    origins: [`http://${host}`],
    tokens: new Map([['playground', token]]),
    prefix: 'playground:',
  });
  const bridgeUrl = `ws://${HOST}:${bridge.endpoint.port}/`;
  const settings = JSON.stringify({ bridge: bridgeUrl, token, upstream: server });
  http.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const name = request.url === '/' ? 'index.html' : request.url?.slice(1) ?? '';
    const isSettings = name === 'settings.json';
    const content = isSettings ? settings : files.get(name);
    const type = isSettings ? 'application/json' : types.get(name.slice(name.lastIndexOf('.') + 1));
    // The page contains the token: under another host name, another site could read it (DNS
    // rebinding).
    if (request.headers.host !== host || content === undefined || type === undefined) {
      response.writeHead(404, HEADERS).end();
      return;
    }
    response.writeHead(200, {
      ...HEADERS,
      'Content-Security-Policy': `${POLICY}; connect-src 'self' ${bridgeUrl}`,
      'Content-Type': `${type}; charset=utf-8`,
    }).end(content);
  });
  return {
    url: `http://${host}/`,
    bridge,
    async close() {
      http.close();
      http.closeAllConnections();
      await bridge.close();
    },
  };
}

const HOST = '127.0.0.1';

const POLICY = [
  ...["default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self'"],
  ...["base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"],
  "require-trusted-types-for 'script'",
].join('; ');

const HEADERS = {
  'Cache-Control': 'no-store',
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Resource-Policy': 'same-origin',
  // Cross-origin isolation makes the page's clock twenty times finer: a call takes microseconds.
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};
