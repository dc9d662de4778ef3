// The help texts of the command line, and the table of its programs.
import { type CommandRow, commands } from './console/commands.ts';
import { connectionFlags, flagHelp, type FlagName } from './console/flags.ts';
import { usage, usages } from './console/usage.ts';
import { VERSION } from '../core/version.ts';

/** A subcommand that is a program of its own and uses the terminal itself. */
export interface ProgramRow {
  readonly name: string;
  readonly parameters: readonly string[];
  readonly flags: readonly FlagName[];
  readonly summary: string;
}

export const consoleProgram: ProgramRow = {
  name: 'console',
  parameters: ['[SERVER]'],
  flags: [],
  summary: 'a prompt, or commands from a pipe',
};

export const topProgram: ProgramRow = {
  name: 'top',
  parameters: ['[SERVER]'],
  flags: ['interval', 'count', 'json'],
  summary: 'live: hit rate, operations, memory, connections',
};

export const serveProgram: ProgramRow = {
  name: 'serve',
  parameters: ['[FLAG...]'],
  flags: [],
  summary: 'an embedded memcached; memwire serve -h',
};

export const bridgeProgram: ProgramRow = {
  name: 'bridge',
  parameters: ['[FLAG...]'],
  flags: [],
  summary: 'WebSockets in, memcached out; memwire bridge --help',
};

export const conformanceProgram: ProgramRow = {
  name: 'conformance',
  parameters: ['[SERVER]'],
  flags: ['only', 'has', 'without', 'json'],
  summary: 'tests a server: prints the cases that fail',
};

export const programs: readonly ProgramRow[] = [
  consoleProgram,
  topProgram,
  serveProgram,
  bridgeProgram,
  conformanceProgram,
];

const servers = `The server is --server, or else MEMWIRE_SERVER or MEMCACHED_URL in the
environment. If none is set, the command runs on an embedded server in memory,
which starts empty and ends with the command. A login comes from --auth-file,
from MEMWIRE_AUTH (user:password), or from MEMCACHED_URL.
`;

const codes = `Exit codes: 0 done; 1 a miss, or not stored; 2 an invalid command line;
3 an error of the server, or no connection to it; 130 interrupted.
`;

/** The output of `memwire --help`. */
export function mainHelp(): string {
  return `memwire ${VERSION}: memcached for every JavaScript runtime

Usage: memwire [FLAGS] COMMAND [ARGUMENTS] [FLAGS]

${usages(programs)}
${usages(commands)}
  memwire help COMMAND, memwire COMMAND --help, memwire --version

${flagHelp([...connectionFlags, 'json'])}
${servers}
${codes}`;
}

/**
 * The output of `memwire COMMAND --help`.
 *
 * @param end The last paragraph; by default the exit codes that all commands share.
 */
export function commandHelp(row: ProgramRow | CommandRow, end: string = codes): string {
  const own: FlagName[] = [...row.flags];
  if ('run' in row) own.push('json');
  const note = row.parameters.includes('[VALUE]')
    ? 'Without VALUE the bytes come from standard input, unchanged.\n\n'
    : '';
  return `memwire ${usage(row)}: ${row.summary}

${note}${flagHelp([...own, 'help'])}
${flagHelp(connectionFlags)}
${servers}
${end}`;
}
