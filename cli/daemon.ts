// `memwire serve -d`: runs the server in a process in the background.
import { spawn } from 'node:child_process';
import type { Terminal } from './terminal.ts';

/** Marks the process that serves in the background. */
const MARK = 'MEMWIRE_DAEMON';

/** Whether this process is the one in the background. */
export function isDaemon({ environment }: Terminal): boolean {
  return environment[MARK] !== undefined;
}

/** Reports to the parent process that this one serves. */
export function tellStarted(said: string): void {
  // Neither process may keep the other alive.
  process.send?.(said, () => process.disconnect());
}

/**
 * Starts `memwire serve` once more, in the background, and waits until it serves.
 *
 * @param args All of its arguments.
 * @param verbose Whether it keeps printing to stderr; otherwise it closes all pipes, so that
 * `$(memwire serve -d)` ends.
 * @returns The exit code: 0 when it serves, else that of the background process.
 */
export async function startDaemon(
  args: readonly string[],
  verbose: boolean,
  terminal: Terminal,
): Promise<number> {
  const [program, ...words] = terminal.program;
  if (program === undefined) {
    terminal.stderr.write('memwire serve: -d: this program cannot be started once more\n');
    return 1;
  }
  const child = spawn(program, [...words, 'serve', ...args], {
    detached: true,
    env: { ...terminal.environment, [MARK]: 'yes' },
    stdio: ['ignore', 'ignore', verbose ? 'inherit' : 'pipe', 'ipc'],
  });
  child.stderr?.on('data', (chunk: Buffer) => terminal.stderr.write(chunk));
  const code = await new Promise<number>((resolve) => {
    child.once('message', (said) => {
      terminal.stdout.write(typeof said === 'string' ? said : '');
      resolve(0);
    });
    child.once('error', (error) => {
      terminal.stderr.write(`memwire serve: -d: ${error.message}\n`);
      resolve(1);
    });
    child.once('close', (code) => resolve(code ?? 1));
  });
  child.stderr?.destroy();
  child.unref();
  return code;
}
