// A web application whose value everybody wants, and what happens when it is missing: each request that
// finds nothing loads it, or `client.cache()` lets one of them load. The page shows both, live.
//   npm install memwire
//   npx tsx stampede.ts [--port 8080] [--upstream localhost:11211]
// Needs stampede.html beside it. Without --upstream it starts a memcached of its own, in this process.
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Cache, Client, listen } from 'memwire';
import { Server } from 'memwire/server';

/** The processes of the fleet; here they are in one process, with nothing in common but memcached. */
const INSTANCES = 4;
/** Requests a second while somebody looks at the page. */
const RATE = 200;
/** Milliseconds that a load takes, and how many more for each load that runs beside it. */
const LOADING = 200;
const CROWD = 5;
/** Seconds for which the value is fresh. */
const TTL = 10;
/** The page is told so often, in milliseconds. */
const EVERY = 250;

/** What is done about a missing value. */
type Mode = 'plain' | 'cache';

/** The database: the more it has to do, the longer it takes. */
class Database {
  loads = 0;
  #running = 0;

  get isIdle(): boolean {
    return this.#running === 0;
  }

  async report(): Promise<string> {
    this.loads++;
    this.#running++;
    await new Promise((resolve) => setTimeout(resolve, LOADING + CROWD * this.#running));
    this.#running--;
    return `made at ${new Date().toISOString()}`;
  }
}

/** One of the processes that serve requests. */
class Instance {
  readonly #client: Client;
  readonly #cache: Cache<string, string>;
  readonly #database: Database;

  constructor(client: Client, database: Database) {
    this.#client = client;
    this.#database = database;
    this.#cache = client.cache({
      key: (name) => `cache:${name}`,
      load: () => database.report(),
      ttl: TTL,
      grace: 30, // old values while it is loaded again
      refreshAhead: 2, // which begins before it is old
    });
  }

  async report(mode: Mode): Promise<string> {
    if (mode === 'cache') return (await this.#cache.fetch('report'))!;
    const found = await this.#client.get<string>('plain:report');
    if (found !== undefined) return found;
    const report = await this.#database.report();
    await this.#client.set('plain:report', report, { expire: TTL });
    return report;
  }

  async remove(mode: Mode): Promise<void> {
    if (mode === 'cache') await this.#cache.remove('report');
    else await this.#client.delete('plain:report');
  }

  close(): Promise<void> {
    return this.#client.close();
  }
}

/** What the page is told. */
interface Figures {
  readonly mode: Mode;
  /** Of the time since it was told last: requests, loads, the slowest request in milliseconds. */
  readonly requests: number;
  readonly loads: number;
  readonly slowest: number;
  /** Requests find the value, and none loads it any more: it can be deleted. */
  readonly isThere: boolean;
  /** Loads that it took to have the value back after it was deleted, by mode; null before. */
  readonly taken: Readonly<Record<Mode, number | null>>;
}

/** The requests of many users, and what became of them. */
class Traffic {
  #mode: Mode = 'plain';
  readonly #instances: readonly Instance[];
  readonly #database: Database;
  readonly #taken: Record<Mode, number | null> = { plain: null, cache: null };
  // Its loads are counted, since it was deleted.
  #isMissing = false;
  // A request that began later and did not wait for a load has found the value.
  #goneAt = 0;
  #isThere = false;
  #count = 0;
  #told = 0;
  #loads = 0;
  #times: number[] = [];

  constructor(instances: readonly Instance[], database: Database) {
    this.#instances = instances;
    this.#database = database;
  }

  /** One request, to the instance whose turn it is. */
  async request(): Promise<string> {
    const start = performance.now();
    try {
      return await this.#instances[this.#count++ % INSTANCES]!.report(this.#mode);
    } finally {
      const time = performance.now() - start;
      this.#times.push(time);
      if (start > this.#goneAt && time < LOADING && this.#database.isIdle) this.#isThere = true;
    }
  }

  /** What is done from now on. */
  use(mode: Mode): void {
    this.#mode = mode;
    this.#isMissing = false;
    this.#isThere = false;
    this.#goneAt = performance.now();
  }

  async remove(): Promise<void> {
    this.figures();
    this.#taken[this.#mode] = 0;
    this.#isMissing = true;
    this.#isThere = false;
    this.#goneAt = Infinity;
    await this.#instances[0]!.remove(this.#mode);
    this.#goneAt = performance.now();
  }

  /** What has happened since the last call. */
  figures(): Figures {
    const loads = this.#database.loads - this.#loads;
    const requests = this.#count - this.#told;
    const slowest = Math.max(0, ...this.#times);
    const taken = this.#taken[this.#mode] ?? 0;
    if (this.#isMissing) this.#taken[this.#mode] = taken + loads;
    if (this.#isThere) this.#isMissing = false;
    this.#loads = this.#database.loads;
    this.#told = this.#count;
    this.#times = [];
    const [mode, isThere] = [this.#mode, this.#isThere];
    return { mode, requests, loads, slowest, isThere, taken: { ...this.#taken } };
  }
}

/** A running application. */
export interface Stampede {
  /** The address of its page: `http://127.0.0.1:40000/`. */
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Starts the application on the loopback.
 *
 * @param options.port A free one by default.
 * @param options.upstream A memcached; one in this process by default.
 */
export async function startStampede(
  { port = 0, upstream }: { readonly port?: number; readonly upstream?: string | undefined } = {},
): Promise<Stampede> {
  const page = await readFile(join(import.meta.dirname, 'stampede.html'));
  const server = new Server();
  const listener = await listen({ host: '127.0.0.1', port: 0 }, server.accept);
  const database = new Database();
  const instances = Array.from(
    { length: INSTANCES },
    () => new Instance(new Client(upstream ?? listener.endpoint), database),
  );
  const traffic = new Traffic(instances, database);
  const http = createServer((request, response) => {
    answer(request, response, traffic, page).catch((error: unknown) => {
      response.writeHead(500).end(String(error));
    });
  });
  await new Promise<void>((resolve) => http.listen(port, '127.0.0.1', resolve));
  const address = http.address();
  const own = typeof address === 'object' && address !== null ? address.port : port;
  return {
    url: `http://127.0.0.1:${own}/`,
    async close() {
      http.close();
      http.closeAllConnections();
      for (const instance of instances) await instance.close();
      await listener.close();
      server.close();
    },
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  traffic: Traffic,
  page: Buffer,
): Promise<void> {
  switch (`${request.method} ${request.url}`) {
    case 'GET /':
      response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8' }).end(page);
      return;
    case 'GET /report':
      response.writeHead(200, { 'Content-Type': 'text/plain' }).end(await traffic.request());
      return;
    case 'GET /events':
      tell(response, traffic);
      return;
    case 'POST /plain':
    case 'POST /cache':
      traffic.use(request.url === '/cache' ? 'cache' : 'plain');
      response.writeHead(204).end();
      return;
    case 'POST /delete':
      await traffic.remove();
      response.writeHead(204).end();
      return;
    default:
      response.writeHead(404).end();
  }
}

/** Users come for as long as somebody looks, and the page is told what they get. */
function tell(response: ServerResponse, traffic: Traffic): void {
  response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
  const start = performance.now();
  let sent = 0;
  // Users do not come later because the server is slow.
  const users = setInterval(() => {
    for (const due = (performance.now() - start) * RATE / 1000; sent < due; sent++) {
      traffic.request().catch((error: unknown) => console.error(error));
    }
  }, 1000 / RATE);
  const ticks = setInterval(() => {
    response.write(`data: ${JSON.stringify(traffic.figures())}\n\n`);
  }, EVERY);
  response.once('close', () => {
    clearInterval(users);
    clearInterval(ticks);
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: { port: { type: 'string', default: '8080' }, upstream: { type: 'string' } },
  });
  const { url } = await startStampede({ port: Number(values.port), upstream: values.upstream });
  console.log(`The page is at ${url} (Ctrl-C ends it)`);
}
