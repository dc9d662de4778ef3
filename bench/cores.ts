import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { findProgram } from '../test/support/memcached.ts';

/** Which processors the server and the load stay on; null where nothing keeps them there. */
export interface Cores {
  readonly name: string;
  readonly server: number | null;
  readonly load: number | null;
}

/**
 * The ways to run a server and its load. On two processors both work at once, and the rate is that
 * of the slower; on one they take turns, and the rate counts the work of both.
 */
export function layouts(): Cores[] {
  if (findProgram('taskset') === null) return [{ name: 'not pinned', server: null, load: null }];
  const shared = { name: 'sharing a core', server: 0, load: 0 };
  if (availableParallelism() === 1) return [shared];
  return [{ name: 'a core each', server: 0, load: 1 }, shared];
}

/** Keeps all threads of a process on one processor. */
export function pin(pid: number, core: number): void {
  const { status, stderr } = spawnSync('taskset', ['-a', '-c', '-p', String(core), String(pid)], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`taskset: ${stderr}`);
}
