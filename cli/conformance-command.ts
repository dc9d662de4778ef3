// `memwire conformance`: runs the server cases, and prints the failures.
import { randomInt } from 'node:crypto';
import { type CaseReport, runCases } from '../conformance/case.ts';
import { serverCases } from '../conformance/server/mod.ts';
import { RawConnection, ReplyMismatch } from '../conformance/server/raw-connection.ts';
import { type ServerContext, serverFeatures } from '../conformance/server/server-case.ts';
import { isSince } from '../conformance/server/since.ts';
import { checkWords } from './console/commands.ts';
import { CommandLine, connectionFlags, FlagError, oneLine, showWord } from './console/flags.ts';
import { toJson } from './console/part.ts';
import { printable, quoteBytes } from './console/quote.ts';
import { fromLatin1 } from '../core/wire/bytes.ts';
import { ConnectionError } from '../core/wire/errors.ts';
import { connect, type Session } from './connect.ts';
import { commandHelp, conformanceProgram } from './help.ts';
import { painter, print, stopSignal, type Terminal } from './terminal.ts';

/** The exit code that a shell reports for a program that SIGINT has ended. */
const INTERRUPTED = 130;

/** The features that a server is assumed to have, unless the command line says otherwise. */
const usual: readonly string[] = ['meta', 'stats', 'limits'];

/** How many of the sent and of the received bytes are shown. */
const SHOWN = 300;

/**
 * Enough items to see whether `stats` counts all: behind a proxy, no server has them all by chance.
 */
const PROBES = 20;

/**
 * The time limit in milliseconds of a case that does not end although every reply comes in time.
 */
const CASE_TIMEOUT = 60_000;

const help = `It opens many connections, and writes small items under keys of its own, which start
with mw. An empty server is also filled and flushed, and left empty. If the server
holds items, or its stats do not tell, its items are kept, unless --has empty is
given. Settings of the server are changed only with --has admin.

Features: ${usual.join(', ')}, and empty if stats say so, unless flags change them:
${featureLines(serverFeatures)}
Exit codes: 0 all passed; 1 cases failed; 2 an invalid command line; 3 no connection;
130 interrupted.
`;

/**
 * Runs `memwire conformance`: tests a server from outside, and prints the cases that fail.
 *
 * @returns The exit code, which its help explains.
 * @throws FlagError, MemcacheError when there is no connection, and what the streams throw.
 */
export async function runConformance(
  args: readonly string[],
  terminal: Terminal,
): Promise<number> {
  const line = new CommandLine(args, [...conformanceProgram.flags, ...connectionFlags, 'help']);
  if (line.has('help')) {
    await print(terminal.stdout, commandHelp(conformanceProgram, help));
    return 0;
  }
  checkWords(conformanceProgram, line.words);
  const word = line.text('only')?.toLowerCase() ?? '';
  const cases = serverCases.filter(({ name }) => name.toLowerCase().includes(word));
  if (cases.length === 0) {
    throw new FlagError(`--only: no case has "${showWord(word)}" in its name`);
  }
  const granted = readFeatures(line, 'has');
  const refused = readFeatures(line, 'without');
  const session = connect(line, terminal, line.words[0]);
  const { signal } = stopSignal(terminal);
  const paint = painter(terminal.stdout, terminal);
  const write = async (part: Part): Promise<void> => {
    const text = part.text.replace(
      /^FAILED|^skipped/,
      (word) => paint(word === 'FAILED' ? 'red' : 'faint', word),
    );
    await print(terminal.stdout, line.has('json') ? `${toJson(part.json)}\n` : text);
  };
  try {
    const unique = keyMaker();
    const judged = await look(session, unique);
    const features = new Set([...usual, ...(judged.items === 0 ? ['empty'] : []), ...granted]);
    for (const name of refused) features.delete(name);
    await write(headPart(session.server, judged));
    const context = contextOf(session, judged.version, terminal, unique);
    const sum = { passed: 0, failed: 0, skipped: 0 };
    for (const one of cases) {
      if (signal.aborted) return INTERRUPTED;
      // One at a time, so that each result is printed as soon as it is known.
      const report = await runCases([one], () => context, {
        timeout: CASE_TIMEOUT,
        has: (need) => features.has(need),
      });
      sum.passed += report.passed.length;
      sum.failed += report.failed.length;
      sum.skipped += report.skipped.length;
      await write(casePart(one.name, report));
    }
    if (features.has('empty')) await ask(session, 'flush_all\r\n', /[^]*\n/);
    await write(sumPart(sum));
    return sum.failed === 0 ? 0 : 1;
  } finally {
    await session.close();
  }
}

function featureLines(features: Readonly<Record<string, string>>): string {
  const lines = Object.entries(features).map(([name, meaning]) =>
    `  ${name.padEnd(8)} ${meaning}\n`
  );
  return lines.join('');
}

function readFeatures(line: CommandLine, flag: 'has' | 'without'): readonly string[] {
  const names = line.text(flag)?.split(',') ?? [];
  for (const name of names) {
    if (Object.hasOwn(serverFeatures, name)) continue;
    throw new FlagError(
      `--${flag}: "${showWord(name)}" is none of ${Object.keys(serverFeatures).join(', ')}`,
    );
  }
  return names;
}

/** The version that a server reports; null if it does not. */
interface Judged {
  readonly version: string | null;
  readonly items: number | null;
}

async function look(session: Session, unique: () => string): Promise<Judged> {
  const version = await ask(session, 'version\r\n', /VERSION ([^\r\n]*)\r\n|[^]*\n/);
  const stats = await ask(session, 'stats\r\n', /(STAT [^\r\n]*\r\n)*END\r\n|(?!STAT)[^]*\n/);
  const items = itemsOf(stats?.[0] ?? '');
  const isKnown = items !== 0 || await countsAll(session, unique);
  return { version: version?.[1] ?? null, items: isKnown ? items : null };
}

function itemsOf(stats: string): number | null {
  const count = /\nSTAT curr_items (\d+)\r/.exec(stats)?.[1];
  return count === undefined ? null : Number(count);
}

/**
 * Whether `stats` counts the items that are stored. A proxy may answer for itself, or for one of
 * many servers: believing that the server is empty would then delete the items of others.
 */
async function countsAll(session: Session, unique: () => string): Promise<boolean> {
  const keys = Array.from({ length: PROBES }, unique);
  const sets = keys.map((key) => `set ${key} 0 0 1\r\nx\r\n`).join('');
  const deletes = keys.map((key) => `delete ${key}\r\n`).join('');
  const answer = await ask(
    session,
    `${sets}stats\r\n${deletes}`,
    /(STORED\r\n)+((STAT [^\r\n]*\r\n)*END\r\n)(DELETED\r\n)+/,
  );
  return itemsOf(answer?.[0] ?? '') === PROBES;
}

/**
 * The answer of a server, on a connection of its own; null if there is none.
 *
 * @throws ConnectionError when there is no connection.
 */
async function ask(
  { dial, endpoint, server, timeout }: Session,
  send: string,
  answer: RegExp,
): Promise<RegExpExecArray | null> {
  let connection: RawConnection;
  try {
    connection = await RawConnection.open(dial, endpoint, timeout);
  } catch (error) {
    throw new ConnectionError(`cannot connect to ${server}: ${oneLine(error)}`, 'not-sent', error);
  }
  try {
    connection.send(send);
    return await connection.match(answer);
  } catch (error) {
    if (error instanceof ReplyMismatch) return null;
    throw error;
  } finally {
    connection.close();
  }
}

function contextOf(
  { dial, endpoint, timeout }: Session,
  version: string | null,
  { clock }: Terminal,
  unique: () => string,
): ServerContext {
  return {
    dial,
    endpoint,
    patience: timeout,
    since: (since) => isSince(version ?? '', since),
    pass: (seconds) =>
      new Promise((resolve) => {
        clock.after(seconds * 1000, resolve);
      }),
    unique,
  };
}

/** Makes keys that no other run uses, since earlier runs may have left items behind. */
function keyMaker(): () => string {
  const run = `mw${base36(randomInt(36 ** 3))}`;
  let count = 0;
  return () => `${run}${base36(count++)}`;
}

function base36(number: number): string {
  return number.toString(36).padStart(3, '0');
}

/** A piece of the report, in the two forms in which it can be written. */
interface Part {
  readonly text: string;
  readonly json: Readonly<Record<string, unknown>>;
}

function headPart(server: string | null, { version, items }: Judged): Part {
  const name = server ?? 'an embedded server';
  const facts = [
    version === null ? 'of no version' : `version ${version}`,
    items === null
      ? 'which may hold items'
      : items === 0
      ? 'empty'
      : `with ${items} ${items === 1 ? 'item' : 'items'}`,
  ];
  return {
    text: `${name}, ${printable(facts.join(', '))}\n`,
    json: { server: name, version, items },
  };
}

function casePart(name: string, { failed: [failed], skipped: [skipped] }: CaseReport): Part {
  if (skipped !== undefined) {
    const { need } = skipped;
    return { text: `skipped  ${name} (needs ${need})\n`, json: { name, status: 'skipped', need } };
  }
  if (failed === undefined) return { text: '', json: { name, status: 'passed' } };
  const { error } = failed;
  if (!(error instanceof ReplyMismatch)) {
    const message = oneLine(error);
    return {
      text: `FAILED   ${name}\n  ${printable(message)}\n`,
      json: { name, status: 'failed', message },
    };
  }
  const { note } = error;
  const [before, sent, received] = [
    fromLatin1(error.before),
    fromLatin1(error.sent),
    fromLatin1(error.received),
  ];
  const expected = typeof error.expected === 'string'
    ? fromLatin1(error.expected)
    : String(error.expected ?? 'the end of the connection');
  const lines = [
    ...(error.before === '' ? [] : [`after     ${shown(before)}`]),
    `sent      ${shown(sent)}`,
    `expected  ${typeof expected === 'string' ? expected : shown(expected)}`,
    `received  ${shown(received)}${note === '' ? '' : `, and ${note}`}`,
  ];
  return {
    text: `FAILED   ${name}\n${lines.map((line) => `  ${line}\n`).join('')}`,
    json: { name, status: 'failed', before, sent, expected, received, note },
  };
}

function sumPart(sum: Readonly<Record<'passed' | 'failed' | 'skipped', number>>): Part {
  const { passed, failed, skipped } = sum;
  return { text: `${passed} passed, ${failed} failed, ${skipped} skipped\n`, json: sum };
}

function shown(bytes: Uint8Array): string {
  const rest = bytes.length - SHOWN;
  return `${quoteBytes(bytes, SHOWN)}${rest > 0 ? ` and ${rest} bytes more` : ''}`;
}
