import { spawn } from 'node:child_process';

/**
 * Runs a program of the bench in a fresh process: what it prints, read as JSON.
 *
 * @param file Gets the request as its only argument, as JSON.
 * @param core The processor it is to stay on with all its threads, or null.
 */
export function runProgram<Result>(
  file: string,
  request: unknown,
  core: number | null,
): Promise<Result> {
  const loader = file.endsWith('.ts') ? ['--import', 'tsx'] : [];
  const node = [process.execPath, ...loader, file, JSON.stringify(request)];
  const [program = '', ...args] = core === null ? node : ['taskset', '-c', String(core), ...node];
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    child.once('error', reject);
    child.once('close', (code) => {
      if (code !== 0) reject(new Error(`${file} ${JSON.stringify(request)} ended with ${code}`));
      else resolve(JSON.parse(said) as Result);
    });
  });
}
