// The table of flags, and their parser, which depends on no runtime.
import { withoutLogin } from '../../core/client/connection/endpoint.ts';

/**
 * An invalid command line; the message says why. If it quotes the address of a server, it leaves
 * out the login.
 */
export class FlagError extends Error {
  constructor(message: string) {
    super(message.replaceAll(/[^\s"'`]+/g, hideLogin));
  }
}

/** A word of a command line for a message: an address without its login, and no more than a line. */
export function showWord(word: string): string {
  const shown = hideLogin(word);
  return shown.length > 100 ? `${shown.slice(0, 100)}…` : shown;
}

function hideLogin(word: string): string {
  return word.includes('@') ? withoutLogin(word) : word;
}

/** The name of a flag, without its dashes. */
export type FlagName =
  | 'server'
  | 'timeout'
  | 'dialect'
  | 'auth-file'
  | 'tls'
  | 'ca'
  | 'cert'
  | 'key'
  | 'server-name'
  | 'wire'
  | 'json'
  | 'expire'
  | 'flags'
  | 'values'
  | 'reply'
  | 'data'
  | 'interval'
  | 'count'
  | 'port'
  | 'only'
  | 'has'
  | 'without'
  | 'help';

/** The properties of a flag. */
export interface FlagRow {
  readonly short?: string;
  /** The name of its value; a flag without one is on or off. */
  readonly value?: string;
  /** The values that it may have. */
  readonly choices?: readonly string[];
  /** The range of a numeric value. */
  readonly range?: readonly [min: number, max: number];
  readonly meaning: string;
}

const row = (meaning: string, rest: Omit<FlagRow, 'meaning'> = {}): FlagRow => ({
  meaning,
  ...rest,
});

const MAX_I32 = 2 ** 31 - 1;

/** Every flag of the command line, except those of `serve`, which are memcached's. */
export const flagTable: Readonly<Record<FlagName, FlagRow>> = {
  server: row('host, host:port, [v6]:port, or a unix /path', {
    short: 's',
    value: 'SERVER',
  }),
  timeout: row('timeout of a connection and of a reply (1000)', {
    value: 'MILLISECONDS',
    range: [1, MAX_I32],
  }),
  dialect: row('meta, text, or auto to detect it (auto)', {
    value: 'NAME',
    choices: ['auto', 'meta', 'text'],
  }),
  'auth-file': row('log in with its first line: user:password', { value: 'FILE' }),
  tls: row('speak TLS'),
  ca: row('trust these authorities, in PEM; implies --tls', { value: 'FILE' }),
  cert: row('the client certificate, in PEM; implies --tls', { value: 'FILE' }),
  key: row('the private key of --cert, in PEM', { value: 'FILE' }),
  'server-name': row("the name that the server's certificate must have", { value: 'NAME' }),
  wire: row('show the bytes in both directions, on stderr'),
  json: row('print JSON, one object a line'),
  expire: row('expiry, or a date; 0 for never (0)', {
    value: 'SECONDS',
  }),
  flags: row('client flags to store beside the value (0)', {
    value: 'NUMBER',
    range: [0, 2 ** 32 - 1],
  }),
  values: row('whole items, as commands that store them again'),
  reply: row('line (the default), lines, values, stats, none', {
    value: 'SHAPE',
    choices: ['line', 'lines', 'values', 'stats', 'none'],
  }),
  data: row('a data block to send after the line', { value: 'VALUE' }),
  interval: row('seconds between two readings (1)', { value: 'SECONDS', range: [1, 86_400] }),
  count: row('the number of intervals', { value: 'NUMBER', range: [1, MAX_I32] }),
  port: row('the port of the page; a free one by default', { value: 'PORT', range: [0, 65_535] }),
  only: row('only cases with this word in their names', { value: 'WORD' }),
  has: row('features that the server also has, by commas', { value: 'FEATURES' }),
  without: row('features that it lacks: their cases are skipped', { value: 'FEATURES' }),
  help: row('print this', { short: 'h' }),
};

/** The flags that select the server and the connection to it. */
export const connectionFlags: readonly FlagName[] = [
  ...(['server', 'timeout', 'dialect', 'auth-file', 'tls'] as const),
  ...(['ca', 'cert', 'key', 'server-name', 'wire'] as const),
];

const ADVICE = 'Words that start with a dash go after --.';

/** A parsed command line: its flags, and its other words. */
export class CommandLine {
  readonly words: readonly string[];
  // A flag without a value is stored as an empty text.
  readonly #values: ReadonlyMap<FlagName, string>;

  /**
   * Reads `--flag`, `--flag VALUE`, `--flag=VALUE`, `-f VALUE` and `-fVALUE`. Everything after `--`
   * is a word.
   *
   * @param names The flags that may be given.
   * @throws FlagError with the first mistake.
   */
  constructor(args: readonly string[], names: readonly FlagName[]) {
    const words: string[] = [];
    const values = new Map<FlagName, string>();
    const waiting = [...args];
    for (let word = waiting.shift(); word !== undefined; word = waiting.shift()) {
      if (word === '--') words.push(...waiting.splice(0));
      else if (!/^-./su.test(word)) words.push(word);
      else {
        const { name, written, given } = readFlag(word, names);
        if (name === undefined) {
          throw new FlagError(`Unknown option '${showWord(written)}'. ${ADVICE}`);
        }
        values.set(name, valueOf(name, given, waiting));
      }
    }
    this.words = words;
    this.#values = values;
  }

  has(name: FlagName): boolean {
    return this.#values.has(name);
  }

  text(name: FlagName): string | undefined {
    return this.#values.get(name);
  }

  /** The number of a flag. @throws FlagError when it is not a number, or out of its range. */
  number(name: FlagName): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const { range: [min, max] = [0, MAX_I32] } = flagTable[name];
    return whole(`--${name}`, text, min, max);
  }
}

/** How many of the first arguments are flags of these names, and their values. */
export function countFlags(args: readonly string[], names: readonly FlagName[]): number {
  let count = 0;
  while (count < args.length) {
    const { name, given } = readFlag(args[count] ?? '', names);
    if (name === undefined) break;
    count += flagTable[name].value === undefined || given !== undefined ? 1 : 2;
  }
  return Math.min(count, args.length);
}

/** `--flag`, `--flag=given`, `-f`, `-fgiven`. */
function readFlag(
  word: string,
  names: readonly FlagName[],
): { name: FlagName | undefined; written: string; given: string | undefined } {
  const [, long, assigned, letter, glued] = /^(?:(--[^=]+)(?:=(.*))?|(-.)(.+)?)$/su.exec(word) ??
    [];
  const written = long ?? letter ?? word;
  const name = names.find((name) =>
    written === `--${name}` || written === `-${flagTable[name].short}`
  );
  return { name, written, given: assigned ?? glued };
}

function valueOf(name: FlagName, given: string | undefined, waiting: string[]): string {
  if (flagTable[name].value === undefined) {
    if (given === undefined) return '';
    throw new FlagError(`--${name} takes no value, and not "${showWord(given)}"`);
  }
  const value = given ?? waiting.shift();
  if (value === undefined) throw new FlagError(`--${name}: its value is missing`);
  return value;
}

/** The flags in a help text, one line each. */
export function flagHelp(names: readonly FlagName[]): string {
  return names.map((name) => {
    const { short, value, meaning } = flagTable[name];
    const written = `${short === undefined ? '   ' : `-${short},`} --${name}${
      value === undefined ? '' : ` ${value}`
    }`;
    return `  ${written.padEnd(26)} ${meaning}\n`;
  }).join('');
}

/** A whole number in a range. @throws FlagError that names the flag. */
export function whole(flag: string, text: string, min: number, max: number): number {
  const value = /^-?\d+$/.test(text) ? Number(text) : NaN;
  if (!(value >= min && value <= max)) {
    throw new FlagError(`${flag}: "${showWord(text)}" is not a whole number from ${min} to ${max}`);
  }
  return value;
}

/** Seconds, or a date in ISO 8601. @throws FlagError that names the flag. */
export function secondsOrDate(flag: string, text: string): number | Date {
  const date = /^\d{4}-\d\d-\d\d/.test(text) ? new Date(text) : new Date(NaN);
  if (!Number.isNaN(date.getTime())) return date;
  if (/^-?\d{1,10}$/.test(text)) return Number(text);
  throw new FlagError(
    `${flag}: "${showWord(text)}" is neither a number of seconds nor a date: 2030-12-31`,
  );
}

/** The message of an error, on one line. */
export function oneLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.replaceAll(/\s+/g, ' ');
}
