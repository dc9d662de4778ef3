// Runs the typed lines of the page.
import {
  checkWords,
  type CommandRow,
  commands,
  findCommand,
} from '../../../cli/console/commands.ts';
import { keyPlaces } from '../../../cli/console/completion.ts';
import { CommandLine, FlagError, flagHelp } from '../../../cli/console/flags.ts';
import { toKey } from '../../../cli/console/keys.ts';
import { showKey, toJson } from '../../../cli/console/part.ts';
import { splitLine } from '../../../cli/console/split-line.ts';
import { usage, usages } from '../../../cli/console/usage.ts';
import { type Client, type CommandEnd, MemcacheError } from '../../../transport-web/mod.ts';
import type { Entries, Entry } from './entries.ts';
import { showMilliseconds } from './format.ts';
import { explain } from './refusals.ts';
import type { Clients, Where } from './servers.ts';
import { showResult, type Step } from './steps.ts';

/** How many keys are remembered for completion. */
const MAX_KEYS = 200;

/** Something that can be run again: a typed line, or a step. */
export type Again = string | Step;

/** Runs typed lines and steps, one at a time, and logs them. */
export class Runner {
  /** The keys that were used, as they are typed, the latest last. */
  readonly keys: Set<string> = new Set();
  readonly #entries: Entries;
  readonly #elsewhere: (again: Again) => void;
  #entry: Entry | null = null;
  #aborter: AbortController = new AbortController();
  // The ends of the commands that the line has sent.
  #duration = 0;
  #hits = 0;
  #misses = 0;

  /** @param elsewhere Runs something again on the server in the page. */
  constructor(entries: Entries, elsewhere: (again: Again) => void) {
    this.#entries = entries;
    this.#elsewhere = elsewhere;
  }

  /** Runs a line; resolves when it has ended or failed. */
  async run({ typed, where }: Clients, text: string): Promise<void> {
    await this.#run(text, where, text, async (entry) => {
      const [name = '', ...words] = splitLine(text);
      if (name === 'help') entry.reply(help(words[0]), '', true);
      else await this.#do(typed, entry, rowOf(name), words);
    });
  }

  /** Runs a step; resolves when it has ended or failed. */
  async runStep({ steps, where }: Clients, step: Step): Promise<void> {
    await this.#run(step.code, where, step, async (entry) => {
      entry.reply(showResult(await step.run(steps)), step.type, true);
    });
    for (const key of ['greeting', 'visits']) this.#remember(key);
  }

  async #run(
    text: string,
    where: Where,
    again: Again,
    act: (entry: Entry) => Promise<void>,
  ): Promise<void> {
    const entry = this.#entries.begin(text);
    this.#entry = entry;
    this.#aborter = new AbortController();
    [this.#duration, this.#hits, this.#misses] = [0, 0, 0];
    try {
      await act(entry);
    } catch (error) {
      if (this.#aborter.signal.aborted) entry.reply('interrupted', '', false);
      else if (error instanceof FlagError) entry.error(null, error.message);
      else if (error instanceof MemcacheError) {
        entry.error(error.name, error.message);
        const refusal = where === 'bridge' ? explain(error) : null;
        const elsewhere = refusal?.elsewhere === true ? () => this.#elsewhere(again) : null;
        if (refusal !== null) entry.explanation(refusal.why, elsewhere);
      } else throw error;
    } finally {
      this.#entry = null;
    }
  }

  /** Aborts the running line. */
  stop(): void {
    this.#aborter.abort();
  }

  /** Bytes of a typed command. */
  onLine(line: string): void {
    this.#entry?.bytes(line);
  }

  /** A command of the line has ended. */
  onEnd({ duration, hits, misses }: CommandEnd): void {
    // The commands of one line are sent together.
    this.#duration = Math.max(this.#duration, duration);
    this.#hits += hits;
    this.#misses += misses;
    const facts = [showMilliseconds(this.#duration)];
    if (this.#hits > 0) facts.push(this.#hits === 1 ? 'hit' : `${this.#hits} hits`);
    if (this.#misses > 0) facts.push(this.#misses === 1 ? 'miss' : `${this.#misses} misses`);
    this.#entry?.facts(facts.join(' · '));
  }

  async #do(
    client: Client,
    entry: Entry,
    row: CommandRow,
    words: readonly string[],
  ): Promise<void> {
    const line = new CommandLine(words, row.flags);
    checkWords(row, line.words);
    for (const place of keyPlaces(row, line.words.length)) this.#remember(line.words[place]);
    const options = { signal: this.#aborter.signal };
    const readValue = (): Promise<never> => Promise.reject(new FlagError('VALUE is missing'));
    for await (const part of row.run({ client, line, options, readValue })) {
      entry.reply(part.shown(), toJson(part.json()), part.ok);
    }
  }

  #remember(word: string | undefined): void {
    const key = showKey(toKey(word));
    this.keys.delete(key);
    this.keys.add(key);
    const [oldest] = this.keys;
    if (oldest !== undefined && this.keys.size > MAX_KEYS) this.keys.delete(oldest);
  }
}

function help(name: string | undefined): string {
  if (name === undefined) return usages(commands).trimEnd();
  const row = rowOf(name);
  return `${usage(row)}: ${row.summary}\n${flagHelp(row.flags)}`.trimEnd();
}

function rowOf(name: string): CommandRow {
  const row = findCommand(name);
  if (row === undefined) throw new FlagError(`there is no command "${name}": help lists them`);
  return row;
}
