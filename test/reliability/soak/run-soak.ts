// Runs a soak in a process of its own.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { SoakPlan, SoakReport } from './soak.ts';

/** How much is done. */
export type SoakSizes = Omit<SoakPlan, 'port' | 'ofServer'>;

/** The form that `npm test` runs. */
export const shortSoak: SoakSizes = {
  operations: 2_600_000,
  stalled: 100_000,
  cycles: 10_000,
  idle: 10_000,
  active: 3000,
  seed: 1,
};

/** Runs a soak, and returns what it was like. */
export async function runSoakApart(sizes: SoakSizes): Promise<SoakReport> {
  const program = join(import.meta.dirname, 'main.ts');
  const child = spawn(process.execPath, [...process.execArgv, program, JSON.stringify(sizes)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [printed] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  return JSON.parse(printed) as SoakReport;
}
