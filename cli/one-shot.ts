// Runs one command from the shell.
import { addAbortSignal } from 'node:stream';
import { type Call, checkWords, type CommandRow } from './console/commands.ts';
import { CommandLine, connectionFlags } from './console/flags.ts';
import { type Part, toJson } from './console/part.ts';
import { printableValue } from './console/quote.ts';
import { connect } from './connect.ts';
import { commandHelp } from './help.ts';
import { painter, print, readAll, stopSignal, type Terminal } from './terminal.ts';

/** The exit code that a shell reports for a program that SIGINT has ended. */
const INTERRUPTED = 130;

/**
 * Runs one command, for pipes.
 *
 * @returns The exit code: 0 on success, 1 after a miss.
 * @throws FlagError, MemcacheError, and what the streams throw.
 */
export async function runOnce(
  row: CommandRow,
  args: readonly string[],
  terminal: Terminal,
): Promise<number> {
  const line = new CommandLine(args, [...row.flags, 'json', ...connectionFlags, 'help']);
  if (line.has('help')) {
    await print(terminal.stdout, commandHelp(row));
    return 0;
  }
  checkWords(row, line.words);
  const { stdin, stdout, stderr } = terminal;
  const session = connect(line, terminal);
  if (session.server === null) {
    await print(
      stderr,
      'memwire: no server is named (--server, MEMWIRE_SERVER, MEMCACHED_URL): ' +
        'this is an embedded one, which ends with the command\n',
    );
  }
  const { signal } = stopSignal(terminal);
  const call: Call = {
    client: session.client,
    line,
    options: { signal },
    readValue: () => readAll(addAbortSignal(signal, stdin)),
  };
  const paint = painter(stderr, terminal);
  let code = 0;
  try {
    for await (const part of row.run(call)) {
      if (!part.ok) code = 1;
      await write(part);
    }
  } catch (error) {
    // Pending replies are not waited for.
    void session.close();
    if (!signal.aborted) throw error;
    return row.endless ? 0 : INTERRUPTED;
  }
  await session.close();
  return code;

  async function write(part: Part): Promise<void> {
    if (line.has('json')) await print(stdout, `${toJson(part.json())}\n`);
    else if (part.ok) {
      await print(stdout, stdout.isTTY === true ? inTerminal(part.raw()) : part.raw());
    } else await print(stderr, `${paint('yellow', `memwire ${row.name}: ${part.shown()}`)}\n`);
  }
}

/**
 * The text of a part in a terminal: a value ends with a newline, and cannot give orders to the
 * terminal. Empty text prints nothing.
 */
function inTerminal(raw: string | Uint8Array): string {
  if (typeof raw === 'string') return raw;
  const text = printableValue(raw);
  return text.endsWith('\n') ? text : `${text}\n`;
}
