import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { findProgram } from '../test/support/memcached.ts';
import { bundle } from './bundle.ts';
import type { Load } from './clients/loads.ts';
import type { Opening } from './clients/runner.ts';
import type { Answers, Ask, Measured } from './clients/worker.ts';

const FOLDER = join(import.meta.dirname, 'clients');
const TOOLS = join(import.meta.dirname, '../node_modules/.bin');
/** The built code of this repository, as it is installed. */
const DIST = join(import.meta.dirname, '../dist');

/** What runs a client. */
export type Runtime = 'node' | 'bun' | 'deno' | 'python';

/** A client in a fresh process, which works only when it is asked to. Times are in seconds. */
export class Subject {
  readonly #process: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  /** @param core The processor it stays on with all its threads, or null. */
  constructor(
    opening: Omit<Opening, 'dist' | 'firstKey'> & Partial<Opening>,
    core: number | null,
    runtime: Runtime = 'node',
  ) {
    const request: Opening = { dist: DIST, firstKey: 0, ...opening };
    const command = [...programs[runtime](), JSON.stringify(request)];
    const [program = '', ...args] = core === null
      ? command
      : ['taskset', '-c', String(core), ...command];
    this.#process = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#lines = createInterface({ input: this.#process.stdout! })[Symbol.asyncIterator]();
  }

  /** Gives it a load and so long to get warm; false if the client cannot do it. */
  load(load: Load, seconds: number): Promise<boolean> {
    return this.#ask({ ask: 'load', load, seconds });
  }

  /** Measures the load it has. */
  measure(seconds: number): Promise<Measured> {
    return this.#ask({ ask: 'measure', seconds });
  }

  /** Bytes of the JavaScript heap for an operation of the load it has. */
  heap(seconds: number): Promise<number> {
    return this.#ask({ ask: 'heap', seconds });
  }

  /** The most memory its process had, in bytes. */
  peak(): Promise<number> {
    return this.#ask({ ask: 'peak' });
  }

  async close(): Promise<void> {
    this.#process.stdin!.end();
    if (this.#process.exitCode !== null) return;
    await new Promise((resolve) => this.#process.once('exit', resolve));
  }

  async #ask<Kind extends Ask['ask']>(asked: Ask & { ask: Kind }): Promise<Answers[Kind]> {
    this.#process.stdin!.write(`${JSON.stringify(asked)}\n`);
    const { value, done } = await this.#lines.next();
    if (done === true) throw new Error(`${this.#process.spawnargs.join(' ')} ended`);
    return JSON.parse(value) as Answers[Kind];
  }
}

// Among the packages of others, where its imports find them.
const worker = (): string => bundle(join(FOLDER, 'worker.ts'), join(FOLDER, 'node_modules/.bench'));

const programs: Readonly<Record<Runtime, () => readonly string[]>> = {
  node: () => [process.execPath, worker()],
  bun: () => [join(TOOLS, 'bun'), worker()],
  deno: () => [join(TOOLS, 'deno'), 'run', '--allow-all', worker()],
  python: () => [pythonWithPymemcache() ?? 'python3', join(FOLDER, 'pymemcache-worker.py')],
};

/** The python3 that has pymemcache, or null: another one may come first in the path. */
export function pythonWithPymemcache(): string | null {
  for (const name of ['python3', '/usr/bin/python3']) {
    const program = findProgram(name);
    if (program === null) continue;
    if (spawnSync(program, ['-c', 'import pymemcache']).status === 0) return program;
  }
  return null;
}
