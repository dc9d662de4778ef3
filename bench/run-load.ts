import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { pin } from './cores.ts';
import type { LoadRequest, LoadResult } from './load.ts';

const PROGRAM = join(import.meta.dirname, 'load.ts');

/** Runs a load in a fresh process, on the given processor if it is not null. */
export function runLoad(request: LoadRequest, core: number | null): Promise<LoadResult[]> {
  return new Promise((resolve, reject) => {
    const args = ['--import', 'tsx', PROGRAM, JSON.stringify(request)];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    if (core !== null && child.pid !== undefined) pin(child.pid, core);
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    child.once('error', reject);
    child.once('close', (code) => {
      if (code !== 0) reject(new Error(`the load ended with ${code}`));
      else resolve(JSON.parse(said) as LoadResult[]);
    });
  });
}
