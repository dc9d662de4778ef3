// The command line: finds the command, runs it, and turns errors into exit codes.
import { findCommand } from './console/commands.ts';
import {
  connectionFlags,
  countFlags,
  FlagError,
  type FlagName,
  oneLine,
  showWord,
} from './console/flags.ts';
import { printable } from './console/quote.ts';
import { VERSION } from '../core/version.ts';
import { MemcacheError, UsageError } from '../core/wire/errors.ts';
import { bridgeCommand } from './bridge-command.ts';
import { completionCommand } from './completion-command.ts';
import { runConsole } from './console.ts';
import { commandHelp, mainHelp, programs } from './help.ts';
import { runOnce } from './one-shot.ts';
import { playgroundCommand } from './playground-command.ts';
import { serveCommand } from './serve-command.ts';
import { isBrokenPipe, painter, print, type Terminal } from './terminal.ts';
import { runTop } from './top.ts';

/** The exit code for an invalid command line. */
const USAGE = 2;

/**
 * The exit code when the server answered with an error or could not be reached, or a pipe failed.
 */
const FAILED = 3;

/** Runs the `memwire` command line; returns the exit code, which `memwire --help` explains. */
export async function main(args: readonly string[], terminal: Terminal): Promise<number> {
  let command = '';
  try {
    const [name, ...rest] = globalsLast(args);
    command = name ?? '';
    return await run(name, rest, terminal);
  } catch (error) {
    // The reader of the pipe has closed it.
    if (isBrokenPipe(error)) return 0;
    const isUsage = error instanceof FlagError || error instanceof UsageError;
    if (!isUsage && !(error instanceof MemcacheError) && !isOfSystem(error)) throw error;
    const name = command === '' ? 'memwire' : `memwire ${command}`;
    const hint = error instanceof FlagError ? ` (${name} --help)` : '';
    await complain(terminal, `${name}: ${printable(oneLine(error))}${hint}`);
    return isUsage ? USAGE : FAILED;
  }
}

/** Failures of reading and writing: a full disk, a directory instead of a file. */
function isOfSystem(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error;
}

/** The flags that may also stand before the command: they are the same for all commands. */
const globals: readonly FlagName[] = [...connectionFlags, 'json'];

/** Programs without these flags: they have others, and `-s` of `serve` is a socket. */
const ownFlags = ['serve', 'bridge', 'completion'];

/** Moves flags that stand before the command behind it. @throws FlagError */
function globalsLast(args: readonly string[]): readonly string[] {
  const count = countFlags(args, globals);
  if (count === 0) return args;
  const [name, ...rest] = args.slice(count);
  if (name === undefined) throw new FlagError('the command is missing');
  if (ownFlags.includes(name)) throw new FlagError(`${name} takes its flags behind its name`);
  return [name, ...args.slice(0, count), ...rest];
}

async function run(
  name: string | undefined,
  rest: readonly string[],
  terminal: Terminal,
): Promise<number> {
  switch (name) {
    case 'serve':
      return await serveCommand(rest, terminal);
    case 'bridge':
      return await bridgeCommand(rest, terminal);
    case 'console':
      return await runConsole(rest, terminal);
    case 'top':
      return await runTop(rest, terminal);
    case 'playground':
      return await playgroundCommand(rest, terminal);
    case 'conformance':
      return await conformance(rest, terminal);
    case 'completion':
      return await completionCommand(rest, terminal);
    case undefined:
      await print(terminal.stderr, mainHelp());
      return USAGE;
    case '--version':
    case '-V':
      await print(terminal.stdout, `memwire ${VERSION}\n`);
      return 0;
    case '--help':
    case '-h':
      await print(terminal.stdout, mainHelp());
      return 0;
    case 'help':
      return await help(rest[0], terminal);
    default: {
      const row = findCommand(name);
      if (row === undefined) return await unknown(name, terminal);
      return await runOnce(row, rest, terminal);
    }
  }
}

async function help(name: string | undefined, terminal: Terminal): Promise<number> {
  if (name === 'serve') return await serveCommand(['-h'], terminal);
  if (name === 'bridge') return await bridgeCommand(['--help'], terminal);
  if (name === 'conformance') return await conformance(['--help'], terminal);
  if (name === 'completion') return await completionCommand(['--help'], terminal);
  const row = programs.find((program) => program.name === name) ?? findCommand(name ?? '');
  if (row === undefined && name !== undefined) return await unknown(name, terminal);
  await print(terminal.stdout, row === undefined ? mainHelp() : commandHelp(row));
  return 0;
}

// The cases are larger than everything else together, so they are loaded on demand.
async function conformance(args: readonly string[], terminal: Terminal): Promise<number> {
  const { runConformance } = await import('./conformance-command.ts');
  return await runConformance(args, terminal);
}

async function unknown(name: string, terminal: Terminal): Promise<number> {
  const what = name.startsWith('-') ? 'option before a command called' : 'command';
  const shown = printable(showWord(name));
  await complain(terminal, `memwire: there is no ${what} "${shown}" (memwire --help)`);
  return USAGE;
}

function complain(terminal: Terminal, line: string): Promise<void> {
  return print(terminal.stderr, `${painter(terminal.stderr, terminal)('red', line)}\n`);
}
