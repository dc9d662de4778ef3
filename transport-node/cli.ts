import { VERSION } from '../core/version.ts';
import { bridgeCommand } from './bridge-command.ts';
import { serveCommand, type Terminal } from './serve-command.ts';

const help = `memwire ${VERSION}: memcached for every JavaScript runtime

  memwire serve [flags]    run an embedded memcached (memwire serve -h)
  memwire bridge [flags]   lead WebSockets to a memcached (memwire bridge --help)
  memwire --version        print the version
  memwire --help           print this
`;

/** Runs the `memwire` command line; returns the exit code. */
export async function main(args: readonly string[], terminal: Terminal): Promise<number> {
  const [command, ...rest] = args;
  switch (command) {
    case 'serve':
      return await serveCommand(rest, terminal);
    case 'bridge':
      return await bridgeCommand(rest, terminal);
    case '--version':
    case '-V':
      terminal.out(`memwire ${VERSION}\n`);
      return 0;
    case undefined:
    case '--help':
    case '-h':
      terminal.out(help);
      return command === undefined ? 1 : 0;
    default:
      terminal.err(`memwire: there is no command "${command}"\n\n${help}`);
      return 1;
  }
}
