// The programs of docs/guides: each is started in its framework, and does over HTTP what its page says.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import * as assert from 'uvu/assert';
import type { Listener } from '../../core/io/transport.ts';
import { Server } from '../../core/server/mod.ts';
import { Client, listen } from '../../transport-node/mod.ts';
import { suite } from '../runner/suite.ts';
import { freePort } from '../support/memcached.ts';
import { temporaryDirectory } from '../support/temporary.ts';
import { TestWorker, workerdPath } from '../support/workerd.ts';
import { ROOT } from './source.ts';
import { tarball } from './user-project.ts';

const PAGES = join(ROOT, 'docs/guides');
const USERS = join(ROOT, 'package/users');
const node = [process.execPath, '--import', 'tsx'];

/** The command of each guide, which runs in a folder with its files; null for one in workerd. */
const commands: Readonly<Record<string, readonly string[] | null>> = {
  express: [...node, 'app.ts'],
  fastify: [...node, 'app.ts'],
  hono: [...node, 'app.ts'],
  nest: [...node, 'main.ts'],
  next: [process.execPath, join(USERS, 'node_modules/next/dist/bin/next'), 'dev'],
  workers: null,
  deno: [
    tool('deno'),
    'run',
    '--no-prompt',
    '--allow-net',
    '--allow-env=MEMCACHED_URL,PORT',
    'main.ts',
  ],
  bun: [tool('bun'), 'run', 'main.ts'],
};

/** A memcached that can be down. */
class Cache {
  readonly port: number;
  #server = new Server();
  #listener: Listener | undefined;

  constructor(port: number) {
    this.port = port;
  }

  async start(): Promise<void> {
    this.#server = new Server();
    this.#listener = await listen({ host: '127.0.0.1', port: this.port }, this.#server.accept);
  }

  async stop(): Promise<void> {
    await this.#listener?.close();
    this.#server.close();
  }
}

const children = new Set<ChildProcess>();
process.once('exit', () => children.forEach((child) => child.kill('SIGKILL')));

/** The program of a guide, running. */
class Guide {
  readonly name: string;
  readonly cache: Cache;
  readonly #origin: string;
  readonly #child: ChildProcess | undefined;
  readonly #worker: TestWorker | undefined;
  #said = '';

  private constructor(name: string, cache: Cache, origin: string, by: ChildProcess | TestWorker) {
    this.name = name;
    this.cache = cache;
    this.#origin = origin;
    if (by instanceof TestWorker) {
      this.#worker = by;
      return;
    }
    this.#child = by;
    for (const output of [by.stdout, by.stderr]) {
      output?.on('data', (chunk: Buffer) => this.#said += chunk.toString());
    }
  }

  static async start(name: string, command: readonly string[] | null): Promise<Guide> {
    const cache = new Cache(await freePort());
    await cache.start();
    const url = `memcached://127.0.0.1:${cache.port}`;
    const directory = join(project, name);
    if (command === null) {
      const entry = relative(ROOT, join(directory, 'worker.ts'));
      const worker = await TestWorker.start(entry, { texts: { MEMCACHED_URL: url } });
      return new Guide(name, cache, worker.origin, worker);
    }
    const port = String(await freePort());
    const own = { MEMCACHED_URL: url, PORT: port, NEXT_TELEMETRY_DISABLED: '1' };
    const [program = '', ...args] = command;
    const env = { ...process.env, ...own };
    const child = spawn(program, args, { cwd: directory, env, stdio: ['ignore', 'pipe', 'pipe'] });
    children.add(child);
    return new Guide(name, cache, `http://127.0.0.1:${port}`, child);
  }

  /** Asks it until it is ready; the time limit of the test ends that. */
  async isReady(): Promise<void> {
    while (await this.status('/ready').catch(() => 0) !== 200) {
      if (typeof this.#child?.exitCode === 'number') throw new Error(this.#said);
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }

  async ask(path: string, init: RequestInit = {}): Promise<Response> {
    return await fetch(this.#origin + path, init);
  }

  /** Sends a user, to be stored or to log in. */
  async send(method: 'PUT' | 'POST', path: string, name: string): Promise<Response> {
    const headers = { 'content-type': 'application/json' };
    return await this.ask(path, { method, headers, body: JSON.stringify({ name }) });
  }

  async status(path: string, method = 'GET'): Promise<number> {
    const response = await this.ask(path, { method });
    await response.arrayBuffer();
    return response.status;
  }

  async json(path: string): Promise<unknown> {
    return await (await this.ask(path)).json();
  }

  /** Ends it; returns its exit code, or null for a Worker, and what it has printed. */
  async end(): Promise<{ code: number | null; said: string }> {
    await this.#worker?.stop();
    const child = this.#child;
    if (child?.exitCode === null) {
      const ended = once(child, 'close');
      child.kill('SIGTERM');
      await ended;
    }
    await this.cache.stop();
    return { code: child?.exitCode ?? null, said: this.#said };
  }
}

type Claim = (guide: Guide) => Promise<void>;

/** What all pages say, in an order: memcached goes down, and comes back. */
const claims: Readonly<Record<string, Claim>> = {
  'a user is loaded into memcached, and comes from there': async (guide) => {
    assert.equal(await guide.json('/users/17'), { name: 'Ada' });
    assert.is(await guide.status('/users/18'), 404);
    await using client = new Client(`127.0.0.1:${guide.cache.port}`);
    assert.equal(await client.get('user:17'), { name: 'Ada' });
    await client.set('user:17', { name: 'Grace' }, { expire: 60 });
    assert.equal(await guide.json('/users/17'), { name: 'Grace' });
  },
  'a change is what the next one reads': async (guide) => {
    assert.is((await guide.send('PUT', '/users/17', 'Alan')).status, 204);
    assert.equal(await guide.json('/users/17'), { name: 'Alan' });
  },
  'the sixth login in a minute is refused, with the time to wait': async (guide) => {
    for (let i = 0; i < 5; i++) {
      assert.is((await guide.send('POST', '/login', 'Ada')).status, 204);
    }
    const sixth = await guide.send('POST', '/login', 'Ada');
    assert.is(sixth.status, 429);
    const wait = Number(sixth.headers.get('retry-after'));
    assert.ok(wait > 50 && wait <= 60);
  },
  'without memcached users are loaded, logins not limited, and the rest is a 503': async (
    guide,
  ) => {
    await guide.cache.stop();
    assert.equal(await guide.json('/users/17'), { name: 'Alan' });
    // With Express a login needs a session.
    const login = guide.name === 'express' ? 503 : 204;
    assert.is((await guide.send('POST', '/login', 'Ada')).status, login);
    assert.is(await guide.status('/ready'), 503);
    assert.is((await guide.send('PUT', '/users/17', 'Edsger')).status, 503);
    if (guide.name !== 'next' && guide.name !== 'workers') {
      assert.is(await guide.status('/live'), 200);
    }
  },
  'memcached comes back, and is used again': async (guide) => {
    await guide.cache.start();
    await guide.isReady();
    assert.equal(await guide.json('/users/17'), { name: 'Edsger' });
    await using client = new Client(`127.0.0.1:${guide.cache.port}`);
    assert.equal(await client.get('user:17'), { name: 'Edsger' });
  },
};

/** What a page says besides. */
const ownClaims: Readonly<Record<string, Readonly<Record<string, Claim>>>> = {
  express: {
    'a session lasts over requests': async (guide) => {
      assert.is(await guide.status('/account'), 401);
      const login = await guide.send('POST', '/login', 'Ada');
      const cookie = login.headers.get('set-cookie')?.split(';')[0] ?? '';
      for (const visits of [1, 2]) {
        const account = await guide.ask('/account', { headers: { cookie } });
        assert.equal(await account.json(), { name: 'Ada', visits });
      }
    },
  },
  next: {
    'what Next caches is in memcached, until its tag is revalidated': async (guide) => {
      const rates = await guide.json('/rates');
      assert.equal(await guide.json('/rates'), rates);
      await using client = new Client(`127.0.0.1:${guide.cache.port}`);
      assert.ok(await client.get('next:1.2.3:tag:rates') !== undefined);
      assert.is(await guide.status('/rates', 'DELETE'), 204);
      assert.not.equal(await guide.json('/rates'), rates);
    },
    'a page is rendered with what is cached': async (guide) => {
      assert.match(await (await guide.ask('/')).text(), /Hello, (<!-- -->)?Edsger/);
    },
  },
};

const TSCONFIG = {
  compilerOptions: {
    target: 'es2022',
    module: 'preserve',
    lib: ['es2023', 'esnext.disposable', 'dom'],
    types: ['node', 'bun'],
    typeRoots: [join(ROOT, 'node_modules/@types')],
    jsx: 'preserve',
    strict: true,
    exactOptionalPropertyTypes: true,
    noPropertyAccessFromIndexSignature: true,
    noUncheckedIndexedAccess: true,
    experimentalDecorators: true,
    skipLibCheck: true,
    noEmit: true,
  },
  exclude: ['deno', '**/node_modules', '**/.next'],
};

let project = '';

/** Writes the programs into a project that has the packed package installed. */
function install(): void {
  // Below package/users, since Next follows no links to packages.
  project = temporaryDirectory(join(USERS, '.test'));
  const memwire = 'node_modules/memwire';
  cpSync(join(tarball().project, memwire), join(project, memwire), { recursive: true });
  write('package.json', JSON.stringify({ private: true, type: 'module' }));
  write('tsconfig.json', JSON.stringify(TSCONFIG));
  write(
    'deno/deno.json',
    JSON.stringify({ imports: { memwire: 'npm:memwire@*' }, nodeModulesDir: 'manual' }),
  );
  for (const name of Object.keys(commands)) {
    const files = [...pageOf(name).matchAll(/^```\w+\n\/\/ (\S+\.\w+)\n([^]*?)^```$/gm)];
    assert.ok(files.length > 0, name);
    for (const [, file = '', code = ''] of files) write(`${name}/${file}`, code);
  }
}

function pageOf(name: string): string {
  return readFileSync(join(PAGES, `${name}.md`), 'utf8');
}

function write(file: string, text: string): void {
  mkdirSync(dirname(join(project, file)), { recursive: true });
  writeFileSync(join(project, file), text);
}

function tool(name: string): string {
  return join(ROOT, 'node_modules/.bin', name);
}

function run(directory: string, program: string, ...args: string[]): void {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd: directory, encoding: 'utf8' });
  assert.is(status, 0, stdout + stderr);
}

const house = suite('house: guides');
const needs = !existsSync(join(USERS, 'node_modules'))
  ? 'npm ci --prefix package/users'
  : workerdPath === null
  ? 'workerd'
  : null;

house('each guide is run, and in the list', () => {
  const pages = readdirSync(PAGES).filter((file) => file !== 'README.md');
  const names = Object.keys(commands).map((name) => `${name}.md`);
  assert.equal(pages.sort(), names.sort());
  for (const page of pages) assert.ok(pageOf('README').includes(`(${page})`), page);
});

if (needs !== null) house.skip(`programs of the guides (needs ${needs})`);
else addPrograms();

function addPrograms(): void {
  house('the programs compile', () => {
    install();
    run(project, tool('tsc'), '-p', '.');
    run(join(project, 'deno'), tool('deno'), 'check', '--quiet', 'main.ts');
  });

  for (const [name, command] of Object.entries(commands)) {
    let guide: Guide;
    house(`${name} starts`, async () => {
      guide = await Guide.start(name, command);
      await guide.isReady();
    });
    for (const [claim, check] of Object.entries({ ...claims, ...ownClaims[name] })) {
      house(`${name}: ${claim}`, () => check(guide));
    }
    house(`${name} ends`, async () => {
      const { code, said } = await guide.end();
      assert.is(code, command === null ? null : 0, said);
    });
  }
}

house.run();
