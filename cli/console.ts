// `memwire console`: the prompt, and commands from a pipe.
import {
  clearScreenDown,
  createInterface,
  cursorTo,
  type Interface,
  moveCursor,
} from 'node:readline';
import { checkWords, type CommandRow, commands, findCommand } from './console/commands.ts';
import { complete, keyPlaces, ownCommands } from './console/completion.ts';
import {
  CommandLine,
  connectionFlags,
  FlagError,
  flagHelp,
  oneLine,
  showWord,
} from './console/flags.ts';
import { toKey } from './console/keys.ts';
import { showKey, toJson } from './console/part.ts';
import { printable, toText } from './console/quote.ts';
import { splitLine } from './console/split-line.ts';
import { usage, usages } from './console/usage.ts';
import { VERSION } from '../core/version.ts';
import { fromLatin1 } from '../core/wire/bytes.ts';
import { MemcacheError } from '../core/wire/errors.ts';
import { connect, type Session } from './connect.ts';
import { commandHelp, consoleProgram } from './help.ts';
import { History, HISTORY_SIZE } from './history.ts';
import {
  newAborter,
  type Paint,
  painter,
  print,
  type Terminal,
  type TerminalOutput,
} from './terminal.ts';

/** How many keys are remembered for completion. */
const MAX_KEYS = 1000;

/**
 * Runs `memwire console`: a prompt where there is a terminal; else the commands of a pipe, without
 * prompt and history.
 *
 * @returns The exit code, 0: errors are printed and do not end the console.
 * @throws FlagError, UsageError, and what the streams throw.
 */
export async function runConsole(args: readonly string[], terminal: Terminal): Promise<number> {
  const line = new CommandLine(args, [...consoleProgram.flags, ...connectionFlags, 'help']);
  if (line.has('help')) {
    await print(terminal.stdout, commandHelp(consoleProgram));
    return 0;
  }
  checkWords(consoleProgram, line.words);
  const talk = new Console(line, terminal);
  try {
    await talk.run();
    return 0;
  } finally {
    await talk.close();
  }
}

class Console {
  readonly #terminal: Terminal;
  readonly #session: Session;
  readonly #keys: Set<string> = new Set();
  readonly #paint: Paint;
  // What the user is asked with; empty while a command runs.
  readonly #question: string;
  #prompt: Interface | null = null;
  readonly #json: boolean;
  #wire: boolean;
  #ended = false;
  // Aborts the running command, so that Ctrl-C ends it and not the console.
  #running: AbortController | null = null;

  constructor(line: CommandLine, terminal: Terminal) {
    this.#terminal = terminal;
    this.#json = line.has('json');
    this.#wire = line.has('wire');
    const paint = painter(terminal.stdout, terminal);
    this.#paint = paint;
    this.#question = paint('bold', 'memwire> ');
    const note = (text: string): void => {
      if (!this.#wire) return;
      const arrow = paint(text.startsWith('>') ? 'blue' : 'green', text.slice(0, 1));
      void this.#write(terminal.stdout, `  ${arrow}${text.slice(1)}\n`);
    };
    const [server] = line.words;
    this.#session = connect(line, terminal, server, note);
  }

  async run(): Promise<void> {
    const { stdin, stdout, environment } = this.#terminal;
    const isTerminal = stdin.isTTY === true && stdout.isTTY === true;
    if (!isTerminal) return await this.#obeyPiped();
    // Before the reader is created, which would drop lines that nothing waits for.
    await this.#greet();
    const history = new History(environment);
    const prompt = createInterface({
      input: stdin,
      output: stdout,
      prompt: this.#question,
      completer: (line: string) => complete(line, this.#keys),
      history: history.read(),
      historySize: HISTORY_SIZE,
      removeHistoryDuplicates: true,
    });
    prompt.on('history', (lines) => history.write(lines));
    this.#prompt = prompt;
    await this.#obeyTyped(prompt);
    // After Ctrl-D the cursor is still behind the prompt.
    if (!this.#ended) stdout.write('\n');
  }

  close(): Promise<void> {
    return this.#session.close();
  }

  // Input that is typed while a command runs is kept: complete lines wait for their turn, an
  // incomplete one stays below the output, and is then in the next prompt. Ctrl-C discards both.
  async #obeyTyped(prompt: Interface): Promise<void> {
    const { stdout } = this.#terminal;
    const waiting: string[] = [];
    let wake = (): void => {};
    let closed = false;
    prompt.on('line', (text) => {
      waiting.push(text);
      wake();
    });
    // The input may end while a command runs, and then newer versions of Node refuse to prompt.
    prompt.once('close', () => {
      closed = true;
      this.#prompt = null;
      wake();
    });
    prompt.on('SIGINT', () => {
      waiting.length = 0;
      const isBegun = prompt.line !== '';
      if (isBegun) {
        prompt.write(null, { ctrl: true, name: 'e' });
        prompt.write(null, { ctrl: true, name: 'u' });
        // With TERM=dumb, readline does not know these keys.
        if (prompt.line !== '') Object.assign(prompt, { line: '', cursor: 0 });
      }
      if (isBegun || this.#running === null) stdout.write('\n');
      if (this.#running !== null) this.#running.abort();
      else prompt.prompt();
    });
    prompt.prompt();
    try {
      while (!this.#ended) {
        const text = waiting.shift();
        if (text !== undefined) {
          prompt.setPrompt('');
          await this.#try(() => this.#run(text));
          prompt.setPrompt(this.#question);
          if (closed || this.#ended) continue;
          // A line that waited is shown where it runs.
          const [next] = waiting;
          if (next === undefined) prompt.prompt(true);
          else await this.#write(stdout, `${this.#question}${printable(next)}\n`);
        } else if (closed) {
          break;
        } else {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      }
    } finally {
      prompt.close();
    }
  }

  // The characters of the lines are bytes, so that it sees where they are no UTF-8.
  async #obeyPiped(): Promise<void> {
    const { stdin } = this.#terminal;
    stdin.setEncoding('latin1');
    const lines = createInterface({ input: stdin });
    let number = 0;
    try {
      for await (const line of lines) {
        number++;
        await this.#try(() => this.#run(decodedLine(line, number)));
        if (this.#ended) break;
      }
    } finally {
      lines.close();
    }
  }

  async #greet(): Promise<void> {
    const { server, client } = this.#session;
    const where = server ?? 'an embedded server in memory, which ends with the console';
    await this.#say(`memwire ${VERSION} on ${where}`);
    await this.#try(async () => this.#say(`memcached ${printable(await client.version())}`));
    await this.#say('help lists the commands, Ctrl-D ends');
  }

  async #run(text: string): Promise<void> {
    const [name, ...words] = splitLine(text);
    if (name === undefined) return;
    switch (name) {
      case 'help':
        return await this.#help(words[0]);
      case 'wire':
        return this.#setWire(words[0]);
      case 'quit':
      case 'exit':
        this.#ended = true;
        return;
      default:
        return await this.#do(commandOf(name), words);
    }
  }

  async #do(row: CommandRow, words: readonly string[]): Promise<void> {
    const line = new CommandLine(words, [...row.flags, 'json', 'help']);
    if (line.has('help')) return await this.#help(row.name);
    checkWords(row, line.words);
    this.#remember(row, line.words);
    const running = newAborter();
    this.#running = running;
    const call = {
      client: this.#session.client,
      line,
      options: { signal: running.signal },
      readValue: () => Promise.reject(new FlagError('VALUE is missing')),
    };
    try {
      for await (const part of row.run(call)) {
        const shown = part.ok ? part.shown() : this.#paint('yellow', part.shown());
        await this.#say(this.#json || line.has('json') ? toJson(part.json()) : shown);
      }
    } catch (error) {
      if (!running.signal.aborted) throw error;
      await this.#say('interrupted');
    } finally {
      this.#running = null;
    }
  }

  #remember(row: CommandRow, words: readonly string[]): void {
    for (const place of keyPlaces(row, words.length)) {
      const key = showKey(toKey(words[place]));
      // The latest last, so that the oldest is dropped first.
      this.#keys.delete(key);
      this.#keys.add(key);
    }
    for (const key of this.#keys) {
      if (this.#keys.size <= MAX_KEYS) break;
      this.#keys.delete(key);
    }
  }

  #setWire(word: string | undefined): void {
    if (word !== 'on' && word !== 'off') throw new FlagError('wire on, or wire off');
    this.#wire = word === 'on';
  }

  async #help(name: string | undefined): Promise<void> {
    if (name === undefined) {
      const rows = [...commands, ...ownCommands];
      await this.#say(usages(rows).trimEnd());
      await this.#say('Values with white space go in quotes: "a\\tb\\xff" or \'a b\'.');
      return;
    }
    const own = ownCommands.find((row) => row.name === name);
    if (own !== undefined) return await this.#say(`${usage(own)}: ${own.summary}`);
    const row = commandOf(name);
    await this.#say(
      `${usage(row)}: ${row.summary}\n${flagHelp([...row.flags, 'json']).trimEnd()}`,
    );
  }

  async #try(run: () => Promise<void>): Promise<void> {
    try {
      await run();
    } catch (error) {
      if (!(error instanceof FlagError) && !(error instanceof MemcacheError)) throw error;
      const { stderr } = this.#terminal;
      const text = `error: ${printable(oneLine(error))}`;
      await this.#write(stderr, `${painter(stderr, this.#terminal)('red', text)}\n`);
    }
  }

  async #say(text: string): Promise<void> {
    await this.#write(this.#terminal.stdout, `${text}\n`);
  }

  // Writes lines above the one that the user is typing.
  #write(to: TerminalOutput, lines: string): Promise<void> {
    const { stdout, environment } = this.#terminal;
    const prompt = this.#prompt;
    const isDumb = environment['TERM'] === 'dumb';
    if (prompt === null || prompt.line === '' || isDumb) return print(to, lines);
    const { rows } = prompt.getCursorPos();
    moveCursor(stdout, 0, -rows);
    cursorTo(stdout, 0);
    clearScreenDown(stdout);
    const written = print(to, lines);
    // Readline would go up from here, by the rows that the line had.
    Object.assign(prompt, { prevRows: 0 });
    prompt.prompt(true);
    return written;
  }
}

/** @throws FlagError when the bytes of the line are no text. */
function decodedLine(line: string, number: number): string {
  const text = toText(fromLatin1(line));
  if (text !== null) return text;
  throw new FlagError(`line ${number} is not UTF-8, so it was not run: write a byte as "\\xff"`);
}

function commandOf(name: string): CommandRow {
  const row = findCommand(name);
  if (row === undefined) {
    throw new FlagError(`there is no command "${showWord(name)}": help lists them`);
  }
  return row;
}
