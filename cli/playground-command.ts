// `memwire playground`: serves a page to type commands in.
import { readFile } from 'node:fs/promises';
import { checkWords } from './console/commands.ts';
import { CommandLine, connectionFlags } from './console/flags.ts';
import { toJson } from './console/part.ts';
import { connect } from './connect.ts';
import { commandHelp, playgroundProgram } from './help.ts';
import { pageFiles, startPlayground } from './playground-server.ts';
import { print, type Terminal } from './terminal.ts';

/**
 * Runs `memwire playground` until it is stopped.
 *
 * @param files The files of the page; by default those of the package, which are beside the program.
 * @returns The exit code.
 * @throws FlagError, UsageError, and what the file system and the network throw.
 */
export async function playgroundCommand(
  args: readonly string[],
  terminal: Terminal,
  files?: ReadonlyMap<string, string>,
): Promise<number> {
  const line = new CommandLine(args, [...playgroundProgram.flags, ...connectionFlags, 'help']);
  if (line.has('help')) {
    await print(terminal.stdout, commandHelp(playgroundProgram));
    return 0;
  }
  checkWords(playgroundProgram, line.words);
  const port = line.number('port') ?? 0;
  const session = connect(line, terminal, line.words[0]);
  const stopped = new Promise<void>((resolve) => terminal.onStop(resolve));
  try {
    const page = files ?? await readPage();
    const playground = await startPlayground({ files: page, upstream: session, port });
    const { url } = playground;
    const where = session.server ?? 'an embedded server in memory';
    const text = `The playground is at ${url}, on ${where} (Ctrl-C ends it)`;
    const json = toJson({ url, server: session.server });
    await print(terminal.stdout, `${line.has('json') ? json : text}\n`);
    await stopped;
    await playground.close();
    return 0;
  } finally {
    await session.close();
  }
}

async function readPage(): Promise<ReadonlyMap<string, string>> {
  const files = pageFiles.map(async (name): Promise<[string, string]> => {
    const file = new URL(`playground/${name}`, import.meta.url);
    return [name, await readFile(file, 'utf8')];
  });
  return new Map(await Promise.all(files));
}
