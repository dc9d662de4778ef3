// A Worker for tests, in the runtime of Cloudflare.
import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { build } from 'esbuild';
import { temporaryDirectory } from './temporary.ts';

/** The program workerd, or null: npm has it for some platforms. */
export const workerdPath: string | null = findWorkerd();

/** What a Worker is tested with. */
export interface WorkerOptions {
  /** Whether it has Node's modules. */
  readonly node?: boolean;
  /**
   * Networks beside its own, by the name under which it finds them in its environment. `ca` is the
   * authority that they trust, in PEM; that of its own network is `own`.
   */
  readonly trust?: { readonly own: string } & Readonly<Record<string, string>>;
  /** The texts in its environment. */
  readonly texts?: Readonly<Record<string, string>>;
  /** Its classes of Durable Objects, by the name under which it finds them in its environment. */
  readonly objects?: Readonly<Record<string, string>>;
}

/** A running Worker. */
export class TestWorker {
  /** Where it listens: `http://127.0.0.1:40000`. */
  readonly origin: string;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.origin = `http://127.0.0.1:${port}`;
  }

  /** Bundles `entry`, a path from the root of the project, as a Worker's build would, and runs it. */
  static async start(entry: string, options: WorkerOptions = {}): Promise<TestWorker> {
    const directory = temporaryDirectory();
    await build({
      entryPoints: [join(import.meta.dirname, '../..', entry)],
      bundle: true,
      format: 'esm',
      target: 'es2022',
      conditions: ['workerd', 'worker', 'browser'],
      external: ['node:*', 'cloudflare:*'],
      outfile: join(directory, 'worker.js'),
      sourcemap: 'inline',
    });
    const file = join(directory, 'config.capnp');
    writeFileSync(file, configOf(options));
    const child = spawn(workerdPath ?? '', ['serve', file, '--control-fd=3'], {
      stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    });
    process.once('exit', () => child.kill('SIGKILL'));
    return new TestWorker(child, await portOf(child));
  }

  /** What it answers to a request, as JSON. */
  async ask(
    path: string,
    parameters: Readonly<Record<string, string>> = {},
    signal?: AbortSignal,
  ): Promise<unknown> {
    const query = new URLSearchParams(parameters).toString();
    const response = await fetch(`${this.origin}${path}?${query}`, signal && { signal });
    const text = await response.text();
    if (!response.ok) throw new Error(`the Worker answered ${response.status} ${text}`);
    return JSON.parse(text);
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill();
    await ended;
  }
}

function findWorkerd(): string | null {
  if (process.env['MEMWIRE_PROGRAMS'] === 'none') return null;
  try {
    const found = createRequire(import.meta.url)('workerd') as { readonly default: string };
    return found.default;
  } catch {
    return null;
  }
}

async function portOf(child: ChildProcess): Promise<number> {
  let said = '';
  for await (const chunk of child.stdio[3] as Readable) {
    said += String(chunk);
    const port = /"port":(\d+)/.exec(said)?.[1];
    if (port !== undefined) return Number(port);
  }
  throw new Error(`workerd ended with ${child.exitCode ?? 'a signal'}`);
}

function configOf(
  { node = false, trust = { own: '' }, texts = {}, objects = {} }: WorkerOptions,
): string {
  const networks = Object.entries(trust).map(([name, ca]) =>
    `(name = "${name}", network = (allow = ["private", "local"], tlsOptions = (` +
    `trustBrowserCas = false, trustedCertificates = [${ca === '' ? '' : JSON.stringify(ca)}])))`
  );
  const bindings = [
    ...Object.keys(trust).map((name) => `(name = "${name}", service = "${name}")`),
    ...Object.entries(texts).map(([name, text]) =>
      `(name = "${name}", text = ${JSON.stringify(text)})`
    ),
    ...Object.entries(objects).map(([name, className]) =>
      `(name = "${name}", durableObjectNamespace = "${className}")`
    ),
  ];
  const classes = Object.values(objects).map((name) =>
    `(className = "${name}", uniqueKey = "${name}")`
  );
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = .worker), ${networks.join(', ')}],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
const worker :Workerd.Worker = (
  modules = [(name = "worker.js", esModule = embed "worker.js")],
  compatibilityDate = "2026-01-01",
  compatibilityFlags = [${node ? '"nodejs_compat"' : ''}],
  globalOutbound = "own",
  bindings = [${bindings.join(', ')}],
  durableObjectNamespaces = [${classes.join(', ')}],
  durableObjectStorage = (inMemory = void),
);
`;
}
