// The table of commands that the shell, the console and the playground run.
import type { Client } from '../../core/client/server-client.ts';
import type { Expire } from '../../core/client/expire.ts';
import type { CallOptions } from '../../core/client/options.ts';
import type { Gets } from '../../core/client/operation-context.ts';
import { latin1 } from '../../core/wire/bytes.ts';
import type { Command, RawCommand, StoreVerb } from '../../core/wire/command.ts';
import type { Stored } from './stored.ts';
import { dumpItems } from './dump-items.ts';
import {
  type CommandLine,
  FlagError,
  type FlagName,
  secondsOrDate,
  showWord,
  whole,
} from './flags.ts';
import { toKey, toMetaKey, toWireKey } from './keys.ts';
import {
  infoPart,
  itemPart,
  linePart,
  missPart,
  type Part,
  replyPart,
  statusPart,
  tablePart,
  textPart,
} from './part.ts';
import { wordBytes } from './split-line.ts';

/** The arguments of a command. */
export interface Call {
  readonly client: Client;
  readonly line: CommandLine;
  /** Aborts the wait for replies. */
  readonly options: CallOptions;
  /** The source of a value that is not among the words. */
  readonly readValue: () => Promise<Uint8Array>;
}

/** A command of the console, and of the command line. */
export interface CommandRow {
  readonly name: string;
  /** `KEY`; `[VALUE]` if it is optional; `KEY...` if it may be repeated. */
  readonly parameters: readonly string[];
  readonly flags: readonly FlagName[];
  /** Words for completion, where the argument is not a key. */
  readonly words: readonly string[];
  readonly summary: string;
  /** Whether it runs until it is interrupted. */
  readonly endless: boolean;
  run(call: Call): AsyncIterable<Part>;
}

const row = (
  usage: string,
  summary: string,
  run: CommandRow['run'],
  rest: Partial<Pick<CommandRow, 'flags' | 'words' | 'endless'>> = {},
): CommandRow => {
  const [name = '', ...parameters] = usage.split(' ');
  return { name, parameters, flags: [], words: [], endless: false, summary, run, ...rest };
};

const storing = { flags: ['expire', 'flags'] } as const;
const logs = ['fetchers', 'mutations', 'evictions', 'connevents', 'deletions'];
const topics = ['settings', 'items', 'slabs', 'sizes', 'conns', 'detail', 'cachedump', 'reset'];

/**
 * THE table of commands: the command line, the console, completion, help and the tests of the
 * documentation read it. To add a command is to add a row.
 */
export const commands: readonly CommandRow[] = [
  row('get KEY...', 'the values of keys', get),
  row('gets KEY...', 'the values of keys and their versions, for cas', gets),
  row('gat KEY SECONDS', 'the value of a key, and a new expiry', getAndTouch),
  row('set KEY [VALUE]', 'stores a value', (call) => store('set', call), storing),
  row(
    'add KEY [VALUE]',
    'stores a value if the key does not exist',
    (call) => store('add', call),
    storing,
  ),
  row(
    'replace KEY [VALUE]',
    'stores a value if the key exists',
    (call) => store('replace', call),
    storing,
  ),
  row('append KEY [VALUE]', 'adds to the end of a value', (call) => store('append', call)),
  row('prepend KEY [VALUE]', 'adds to the start of a value', (call) => store('prepend', call)),
  row('cas KEY CAS [VALUE]', 'stores a value if unchanged since gets', compareAndSwap, storing),
  row('delete KEY...', 'deletes keys', remove),
  row('incr KEY [DELTA]', 'adds to a number', (call) => arithmetic('incr', call)),
  row('decr KEY [DELTA]', 'subtracts from a number, down to 0', (call) => arithmetic('decr', call)),
  row('touch KEY SECONDS', 'sets a new expiry', touch),
  row('stats [TOPIC...]', 'the statistics of the server', stats, { words: topics }),
  row('version', 'the version of the server', version),
  row('flush [SECONDS]', 'deletes everything, now or later; also flush_all', flush),
  row('dump [CLASSES]', 'the keys on the server, or its items', dump, {
    flags: ['values'],
    words: ['all', 'hash'],
  }),
  row('watch [LOG...]', "the server's log, as it happens", watch, {
    words: logs,
    endless: true,
  }),
  row('mg KEY [FLAG...]', "meta get, with the protocol's flags: v f c t", meta('mg')),
  row('ms KEY VALUE [FLAG...]', 'meta set: T60 F1 MA', metaSet),
  row('md KEY [FLAG...]', 'meta delete: I T30', meta('md')),
  row('ma KEY [FLAG...]', 'meta arithmetic: N0 J10 D2 MD v', meta('ma')),
  row('me KEY', "meta debug: the server's data about an item", debug),
  row('mn', 'meta no-op: a round trip', noop),
  row('raw WORD...', 'a line of the protocol, unchanged', raw, { flags: ['reply', 'data'] }),
];

/** memcached's names for commands. */
const aliases: ReadonlyMap<string, string> = new Map([['flush_all', 'flush']]);

/** The command of a name. */
export function findCommand(name: string): CommandRow | undefined {
  const wanted = aliases.get(name) ?? name;
  return commands.find((command) => command.name === wanted);
}

/** @throws FlagError when a command has too few words, or too many. */
export function checkWords(
  { name, parameters }: Pick<CommandRow, 'name' | 'parameters'>,
  words: readonly string[],
): void {
  const missing = parameters.filter((word) => !word.startsWith('['))[words.length];
  if (missing !== undefined) {
    throw new FlagError(
      `${missing.replace('...', '')} is missing: ${name} ${parameters.join(' ')}`,
    );
  }
  const endless = parameters.some((word) => word.includes('...'));
  const extra = words[parameters.length];
  if (!endless && extra !== undefined) {
    throw new FlagError(`"${showWord(extra)}" is too much: ${[name, ...parameters].join(' ')}`);
  }
}

async function* get({ client, line, options }: Call): AsyncIterable<Part> {
  const keys = line.words.map(toKey);
  const found = await client.getMany<Stored>(keys, options);
  for (const key of keys) {
    const item = found.get(key);
    yield item === undefined ? missPart(key) : itemPart(key, item);
  }
}

async function* gets({ client, line, options }: Call): AsyncIterable<Part> {
  const keys = line.words.map(toKey);
  const found = await client.getsMany<Stored>(keys, options);
  for (const key of keys) {
    const item: Gets<Stored> | undefined = found.get(key);
    yield item === undefined ? missPart(key) : itemPart(key, item.value, item.cas);
  }
}

async function* getAndTouch({ client, line, options }: Call): AsyncIterable<Part> {
  const [word, when = ''] = line.words;
  const [key, expire] = [toKey(word), secondsOrDate('SECONDS', when)];
  const item = await client.gat<Stored>(key, expire, options);
  yield item === undefined ? missPart(key) : itemPart(key, item);
}

async function* store(mode: StoreVerb, call: Call): AsyncIterable<Part> {
  const { client, line, options } = call;
  const key = toKey(line.words[0]);
  const value = await valueOf(call, 1);
  if (await client[mode](key, value, { ...options, ...fieldsOf(line) })) {
    yield statusPart(key, true, 'stored');
    return;
  }
  const why = mode === 'add' ? 'is there already' : 'is not there';
  yield statusPart(key, false, 'not-stored', `not stored: the key ${why}`);
}

async function* compareAndSwap(call: Call): AsyncIterable<Part> {
  const { client, line, options } = call;
  const [key, cas] = [toKey(line.words[0]), toBigint('CAS', line.words[1])];
  const value = await valueOf(call, 2);
  const result = await client.cas(key, value, cas, { ...options, ...fieldsOf(line) });
  if (result === 'not-found') yield missPart(key);
  else if (result === 'stored') yield statusPart(key, true, result);
  else yield statusPart(key, false, result, 'not stored: somebody has stored another');
}

async function* remove({ client, line, options }: Call): AsyncIterable<Part> {
  const keys = line.words.map(toKey);
  for (const key of keys) client.checkKey(key);
  const done = await Promise.all(keys.map((key) => client.delete(key, options)));
  for (const [index, key] of keys.entries()) {
    yield done[index] === true ? statusPart(key, true, 'deleted') : missPart(key);
  }
}

async function* arithmetic(direction: 'incr' | 'decr', call: Call): AsyncIterable<Part> {
  const [word, delta = '1'] = call.line.words;
  const key = toKey(word);
  const value = await call.client[direction](key, toBigint('DELTA', delta), call.options);
  if (value === undefined) yield missPart(key);
  else yield linePart(String(value), { key, status: 'done', value });
}

async function* touch({ client, line, options }: Call): AsyncIterable<Part> {
  const [word, when = ''] = line.words;
  const [key, expire] = [toKey(word), secondsOrDate('SECONDS', when)];
  const done = await client.touch(key, expire, options);
  yield done ? statusPart(key, true, 'touched') : missPart(key);
}

async function* stats({ client, line, options }: Call): AsyncIterable<Part> {
  yield tablePart(await client.stats(line.words, options));
}

async function* version({ client, options }: Call): AsyncIterable<Part> {
  yield textPart('version', await client.version(options));
}

async function* flush({ client, line, options }: Call): AsyncIterable<Part> {
  const [delay = '0'] = line.words;
  await client.flushAll(whole('SECONDS', delay, 0, 2 ** 31 - 1), options);
  yield { ok: true, shown: () => 'flushed', raw: () => '', json: () => ({ status: 'flushed' }) };
}

async function* dump({ client, line, options }: Call): AsyncIterable<Part> {
  const items = client.metadump(line.words[0], options);
  if (line.has('values')) yield* dumpItems(client, items, options);
  else for await (const info of items) yield infoPart(info);
}

async function* watch({ client, line, options }: Call): AsyncIterable<Part> {
  for await (const event of client.watch(line.words, options)) yield textPart('line', event);
}

function meta(verb: 'mg' | 'md' | 'ma'): CommandRow['run'] {
  return ({ client, line, options }) => {
    const [word = '', ...flags] = line.words;
    return execute(client, { verb, ...toMetaKey(word, flags) }, options);
  };
}

function metaSet({ client, line, options }: Call): AsyncIterable<Part> {
  const [word = '', value = '', ...flags] = line.words;
  const command = { verb: 'ms', ...toMetaKey(word, flags), value: wordBytes(value) } as const;
  return execute(client, command, options);
}

function debug({ client, line, options }: Call): AsyncIterable<Part> {
  return execute(client, { verb: 'me', ...toWireKey(toKey(line.words[0])) }, options);
}

function noop({ client, options }: Call): AsyncIterable<Part> {
  return execute(client, { verb: 'mn' }, options);
}

function raw({ client, line, options }: Call): AsyncIterable<Part> {
  const data = line.text('data');
  const command = {
    verb: 'raw',
    line: line.words.map((word) => latin1(wordBytes(word))).join(' '),
    value: data === undefined ? null : wordBytes(data),
    reply: toShape(line.text('reply')),
  } as const;
  return execute(client, command, options);
}

async function* execute(
  client: Client,
  command: Command,
  options: CallOptions,
): AsyncIterable<Part> {
  yield replyPart(await client.execute(command, options));
}

async function valueOf({ line, readValue }: Call, index: number): Promise<Uint8Array> {
  const word = line.words[index];
  return word === undefined ? await readValue() : wordBytes(word);
}

function fieldsOf(line: CommandLine): { expire?: Expire; flags?: number } {
  const [expire, flags] = [line.text('expire'), line.number('flags')];
  return {
    ...(expire === undefined ? {} : { expire: secondsOrDate('--expire', expire) }),
    ...(flags === undefined ? {} : { flags }),
  };
}

function toShape(word: string = 'line'): RawCommand['reply'] {
  const shapes = ['line', 'lines', 'values', 'stats', 'none'] as const;
  const found = shapes.find((shape) => shape === word);
  if (found === undefined) {
    throw new FlagError(`--reply: "${showWord(word)}" is not one of ${shapes.join(', ')}`);
  }
  return found;
}

function toBigint(name: string, word: string = ''): bigint {
  if (/^\d{1,20}$/.test(word)) return BigInt(word);
  throw new FlagError(
    `${name}: "${showWord(word)}" is not a number from 0 to 18446744073709551615`,
  );
}
