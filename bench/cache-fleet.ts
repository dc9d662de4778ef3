// Loads of a cold key by a fleet of processes, with and without a loader that dies.
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CacheAsk, CacheTimes, CacheWork } from './cache-worker.ts';

const WORKER = join(import.meta.dirname, 'cache-worker.ts');
const DIST = join(import.meta.dirname, '../dist');

export const PROCESSES = 4;
/** Calls at once in each process. */
export const CALLERS = 50;
/** How long a load takes, in milliseconds. */
export const LOADING = 200;
/** Seconds that a loader has. */
export const LEASE = 2;

/** What a fleet did about a cold key. */
export interface Cold {
  /** Loads that began in processes that lived. */
  readonly loads: number;
  /** Milliseconds that each caller waited in these. */
  readonly times: readonly number[];
}

/** Processes with one cache each, on one server. */
export class CacheFleet {
  readonly #work: CacheWork;
  #members: Member[] = [];
  #keys = 0;

  constructor(name: string, port: number) {
    this.#work = { name, port, dist: DIST, lease: LEASE };
  }

  /** All processes ask for a key that nobody has. */
  async cold(): Promise<Cold> {
    return await this.#ask(() => {});
  }

  /** The same, and the process that loads first is killed in the middle of it. */
  async killed(): Promise<Cold> {
    let isFirst = true;
    return await this.#ask((member) => {
      if (!isFirst) return;
      isFirst = false;
      void sleep(LOADING / 2).then(() => member.kill());
    });
  }

  stop(): void {
    for (const member of this.#members) member.kill();
  }

  async #ask(onLoad: (member: Member) => void): Promise<Cold> {
    const living = this.#members.filter(({ isAlive }) => isAlive);
    const started = Array.from({ length: PROCESSES - living.length }, () => new Member(this.#work));
    this.#members = [...living, ...started];
    await Promise.all(this.#members.map(({ ready }) => ready));
    const key = `cold:${this.#work.name.replaceAll(' ', '')}:${this.#keys++}`;
    const ask = { key, callers: CALLERS, loading: LOADING };
    const ends = await Promise.all(this.#members.map((member) => {
      return member.ask(ask, () => onLoad(member));
    }));
    const lived = ends.filter((end) => end !== null);
    return {
      loads: lived.reduce((sum, { loads }) => sum + loads, 0),
      times: lived.flatMap(({ times }) => times),
    };
  }
}

/** A process of the fleet. */
class Member {
  readonly ready: Promise<void>;
  isAlive = true;
  readonly #child: ChildProcess;
  #onLine: (line: string | null) => void = () => {};

  constructor(work: CacheWork) {
    const args = ['--import', 'tsx', WORKER, JSON.stringify(work)];
    this.#child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    createInterface({ input: this.#child.stdout! }).on('line', (line) => this.#onLine(line));
    this.#child.once('close', () => {
      this.isAlive = false;
      this.#onLine(null);
    });
    this.ready = new Promise((resolve, reject) => {
      this.#onLine = (line) =>
        line === 'ready' ? resolve() : reject(new Error(`${work.name} ended`));
    });
  }

  /** Resolves with null if it was killed meanwhile. */
  ask(
    ask: CacheAsk,
    onLoad: () => void,
  ): Promise<{ readonly loads: number; readonly times: CacheTimes } | null> {
    let loads = 0;
    return new Promise((resolve) => {
      this.#onLine = (line) => {
        if (line === 'load') {
          loads++;
          onLoad();
        } else resolve(line === null ? null : { loads, times: JSON.parse(line) as CacheTimes });
      };
      this.#child.stdin?.write(`${JSON.stringify(ask)}\n`);
    });
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }
}
