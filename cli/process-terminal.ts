// The terminal of this process.
import { systemClock } from '../core/io/clock.ts';
import type { Terminal } from './terminal.ts';

/** The terminal, or the pipes, that this process was started with. */
export function processTerminal(): Terminal {
  // The write reports the error too; without a listener it would crash the process.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  return {
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    environment: process.env,
    clock: systemClock,
    program: [process.execPath, ...process.execArgv, process.argv[1] ?? ''],
    onStop(call) {
      process.once('SIGTERM', call);
      process.once('SIGINT', call);
    },
  };
}
