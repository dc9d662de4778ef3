// The playground's server: the page, and a bridge for it.
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { build } from 'esbuild';
import { memoryDialer, Server } from '../../core/server/mod.ts';
import { listenBridge, type RunningBridge } from '../../transport-node/bridge.ts';

/** A running playground. */
export interface Playground {
  /** The address of its page: `http://127.0.0.1:40000/`. */
  readonly url: string;
  readonly bridge: RunningBridge;
  close(): Promise<void>;
}

export interface PlaygroundOptions {
  /** A free one by default. */
  readonly port?: number;
  /** A memcached; an embedded one by default. */
  readonly upstream?: string | null;
}

/**
 * Serves the page, and a bridge for this page alone, which requires its origin and a new token.
 * Both listen on the loopback.
 */
export async function startPlayground(
  { port = 0, upstream = null }: PlaygroundOptions = {},
): Promise<Playground> {
  const http = createServer();
  await new Promise<void>((resolve, reject) => {
    http.once('error', reject);
    http.listen(port, HOST, resolve);
  });
  const address = http.address();
  const host = `${HOST}:${typeof address === 'object' && address !== null ? address.port : port}`;
  const server = new Server();
  const token = randomBytes(24).toString('base64url');
  const bridge = await listenBridge({ host: HOST, port: 0 }, {
    upstream: upstream ?? 'localhost',
    ...(upstream === null ? { dial: memoryDialer(server) } : {}),
    origins: [`http://${host}`],
    tokens: new Map([['playground', token]]),
    prefix: 'playground:',
  });
  const bridgeUrl = `ws://${HOST}:${bridge.endpoint.port}/`;
  const files = await readFiles(JSON.stringify({ bridge: bridgeUrl, token, upstream }));
  http.on('request', (request: IncomingMessage, response: ServerResponse) => {
    // The page contains the token: under another host name, another site could read it (DNS
    // rebinding).
    const file = request.headers.host === host ? files.get(request.url ?? '') : undefined;
    if (file === undefined) {
      response.writeHead(404, HEADERS).end();
      return;
    }
    const policy = `${POLICY}; connect-src 'self' ${bridgeUrl}`;
    response.writeHead(200, {
      ...HEADERS,
      'Content-Security-Policy': policy,
      'Content-Type': `${file.type}; charset=utf-8`,
    }).end(file.content);
  });
  return {
    url: `http://${host}/`,
    bridge,
    async close() {
      http.close();
      http.closeAllConnections();
      await bridge.close();
      server.close();
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

interface File {
  readonly type: string;
  readonly content: string;
}

async function readFiles(settings: string): Promise<ReadonlyMap<string, File>> {
  const folder = join(import.meta.dirname, 'page');
  const read = (name: string): Promise<string> => readFile(join(folder, name), 'utf8');
  const { outputFiles: [script] } = await build({
    entryPoints: [join(folder, 'page.ts')],
    bundle: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    write: false,
  });
  const files = new Map<string, File>([
    ['/', { type: 'text/html', content: await read('index.html') }],
    ['/icon.svg', { type: 'image/svg+xml', content: await read('icon.svg') }],
    ['/page.js', { type: 'text/javascript', content: script?.text ?? '' }],
    ['/settings.json', { type: 'application/json', content: settings }],
  ]);
  for (const name of ['page.css', 'console.css', 'live.css']) {
    files.set(`/${name}`, { type: 'text/css', content: await read(name) });
  }
  return files;
}
