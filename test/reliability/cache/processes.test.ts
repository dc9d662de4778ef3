// Law: whatever becomes of the processes that share a cache, a value is loaded once under each lease,
// and nobody is given a placeholder.
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import { Client } from '../../../transport-node/mod.ts';
import { suite } from '../../runner/suite.ts';
import { findProgram, freePort, startMemcached } from '../../support/memcached.ts';
import type { Ask } from './process-main.ts';

const MAIN = join(import.meta.dirname, 'process-main.ts');
const PROCESSES = 4;
const CALLERS = 50;

const shared = suite('reliability: a cache of several processes');
const program = findProgram('memcached');

function test(name: string, run: (port: number) => Promise<void>): void {
  if (program === null) return shared.skip(`${name} (needs memcached)`);
  shared(name, async () => {
    const port = await freePort();
    const server = await startMemcached(program, { port });
    try {
      await run(port);
    } finally {
      await server.stop();
    }
  });
}

/** A process, and the loads that it has begun. */
class Member {
  loads = 0;
  onLoad: () => void = () => {};
  readonly #child: ChildProcess;
  #onLine: (line: string | null) => void = () => {};

  private constructor(port: number) {
    const args = ['--import', 'tsx', MAIN, String(port)];
    this.#child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    createInterface({ input: this.#child.stdout! }).on('line', (line) => {
      if (line !== 'load') return this.#onLine(line);
      this.loads++;
      this.onLoad();
    });
    this.#child.once('close', () => this.#onLine(null));
  }

  static async start(port: number): Promise<Member> {
    const member = new Member(port);
    await member.#next();
    return member;
  }

  /** The values that its calls got; null if it was killed meanwhile. */
  async ask(ask: Ask): Promise<unknown[] | null> {
    this.loads = 0;
    const answer = this.#next();
    this.#child.stdin!.write(`${JSON.stringify(ask)}\n`);
    const line = await answer;
    return line === null ? null : JSON.parse(line) as unknown[];
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  #next(): Promise<string | null> {
    return new Promise((resolve) => {
      this.#onLine = resolve;
    });
  }
}

async function start(port: number, count: number): Promise<Member[]> {
  return await Promise.all(Array.from({ length: count }, () => Member.start(port)));
}

const ask = { callers: CALLERS, loading: 200, ttl: 60, grace: 0, lease: 10 };

test('200 callers in 4 processes, 1 load', async (port) => {
  const members = await start(port, PROCESSES);
  for (const key of ['a', 'b', 'c']) {
    const answers = await Promise.all(members.map((member) => member.ask({ ...ask, key })));
    assert.equal(answers.flat(), Array.from({ length: PROCESSES * CALLERS }, () => 'value'));
    assert.is(members.reduce((sum, { loads }) => sum + loads, 0), 1);
  }
  for (const member of members) member.kill();
});

test('winners that are killed: 1 load under each lease, by one that lives', async (port) => {
  let members = await start(port, PROCESSES);
  for (const delay of [0, 20, 60, 120, 180]) {
    let victim: Member | null = null;
    for (const member of members) {
      member.onLoad = () => {
        if (victim !== null) return;
        victim = member;
        setTimeout(() => member.kill(), delay);
      };
    }
    // A lease that is much longer than the load, on a machine that is busy too.
    const killed = { ...ask, key: `killed:${delay}`, lease: 2 };
    const answers = await Promise.all(members.map((member) => member.ask(killed)));
    const living = members.filter((_, index) => answers[index] !== null);
    assert.is(living.length, PROCESSES - 1);
    const values = answers.filter((answer) => answer !== null).flat();
    assert.equal(values, Array.from({ length: living.length * CALLERS }, () => 'value'));
    assert.is(living.reduce((sum, { loads }) => sum + loads, 0), 1, `killed after ${delay} ms`);
    members = [...living, ...await start(port, 1)];
  }
  for (const member of members) member.kill();
});

test('raw leases and plain clients beside it: no placeholder is an answer', async (port) => {
  const members = await start(port, 2);
  const raw = new Client(`127.0.0.1:${port}`);
  const keys = ['a', 'b', 'c'];
  let isOver = false;
  const disturb = async (): Promise<void> => {
    for (let i = 0; !isOver; i++) {
      const key = keys[i % keys.length]!;
      // A winner that never stores, one that stores, one that invalidates, one that deletes.
      const item = await raw.meta.get(key, { vivify: 1, recache: 30, cas: true });
      if (i % 4 === 0 && item?.won === true) await raw.meta.set(key, 'value', { expire: 1 });
      if (i % 4 === 1) await raw.meta.delete(key, { invalidate: true, expire: 1 });
      if (i % 4 === 2) await raw.delete(key);
      assert.ok([undefined, 'value'].includes(await raw.get(key)), 'of get');
      await sleep(7);
    }
  };
  const disturbed = disturb();
  const values = new Set<unknown>();
  const end = performance.now() + 3000;
  const ends = members.map(async (member) => {
    for (let i = 0; performance.now() < end; i++) {
      const key = keys[i % keys.length]!;
      const mixed = { ...ask, key, callers: 5, loading: 20, ttl: 1, grace: 2, lease: 1 };
      for (const value of await member.ask(mixed) ?? []) values.add(value);
    }
  });
  await Promise.all(ends);
  isOver = true;
  await disturbed;
  await raw.close();
  for (const member of members) member.kill();
  assert.equal([...values], ['value']);
});

shared.run();
