import { spawnSync } from 'node:child_process';
import { cpus } from 'node:os';
import { findProgram } from '../test/support/memcached.ts';

/** What the numbers were taken on: processor, runtime, and the memcached compared with. */
export function machine(): string {
  const processors = cpus();
  const model = processors[0]?.model.trim() ?? 'unknown processor';
  return `${processors.length} x ${model}, Node ${process.versions.node}, ${memcachedVersion()}`;
}

function memcachedVersion(): string {
  const program = findProgram('memcached');
  if (program === null) return 'no memcached';
  return spawnSync(program, ['-V'], { encoding: 'utf8' }).stdout.trim();
}
