// The process of a soak: `main.ts SIZES`, in JSON, prints its report.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Holdings } from './holdings.ts';
import type { SoakSizes } from './run-soak.ts';
import { runSoak } from './soak.ts';

const program = join(import.meta.dirname, 'server-main.ts');
const server = spawn(process.execPath, [...process.execArgv, program], {
  stdio: ['pipe', 'pipe', 'inherit'],
});
const lines = createInterface({ input: server.stdout });
const next = async (): Promise<string> => (await once(lines, 'line') as [string])[0];
const port = Number(await next());
const ofServer = async (): Promise<Holdings> => {
  const line = next();
  server.stdin.write('\n');
  return JSON.parse(await line) as Holdings;
};
const sizes = JSON.parse(process.argv[2] ?? '') as SoakSizes;
console.log(JSON.stringify(await runSoak({ ...sizes, port, ofServer })));
server.kill();
process.exit();
