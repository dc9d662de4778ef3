import { MemcacheError } from '../../core/wire/errors.ts';
import { checkWords } from './commands.ts';
import { connect, type Session } from './connect.ts';
import { CommandLine, connectionFlags, oneLine } from './flags.ts';
import { commandHelp, topProgram } from './help.ts';
import { toJson } from './part.ts';
import { printable } from './quote.ts';
import { type Rates, ratesBetween, type Reading } from './rates.ts';
import { print, stopSignal, type Terminal } from './terminal.ts';
import { tapped } from './wire-tap.ts';

/**
 * Runs `memwire top`: in a terminal it draws what a server does again and again, until `q` or
 * Ctrl-C; else it prints a line each time.
 *
 * @returns The exit code.
 * @throws FlagError, MemcacheError when the first reading fails, and what the streams throw.
 */
export async function runTop(args: readonly string[], terminal: Terminal): Promise<number> {
  const line = new CommandLine(args, [...topProgram.flags, ...connectionFlags, 'help']);
  const { stdout, stderr, environment } = terminal;
  if (line.has('help')) {
    await print(stdout, commandHelp(topProgram));
    return 0;
  }
  checkWords(topProgram, line.words);
  const interval = (line.number('interval') ?? 1) * 1000;
  const count = line.number('count') ?? Infinity;
  const session = connect(
    line,
    environment,
    (dial) => line.has('wire') ? tapped(dial, (text) => stderr.write(`${text}\n`)) : dial,
    line.words[0],
  );
  const stop = stopSignal(terminal);
  const releaseKeys = stopAtKey(terminal, stop);
  const show = screen(terminal, session.server ?? 'an embedded server', line.has('json'));
  try {
    let before: Reading | null = await read(session, terminal);
    for (let shown = 0; shown < count; shown++) {
      await pause(terminal, interval, stop.signal);
      if (stop.signal.aborted) break;
      const after = await tryRead(session, terminal);
      if (after !== null && before !== null) await show(ratesBetween(before, after));
      before = after;
    }
    return 0;
  } finally {
    releaseKeys();
    // What the server still owes is not waited for.
    void session.close();
  }
}

async function read({ client }: Session, { clock }: Terminal): Promise<Reading> {
  const stats = await client.stats();
  return { at: clock.now(), stats };
}

// A server that is away for a while may come back.
async function tryRead(session: Session, terminal: Terminal): Promise<Reading | null> {
  try {
    return await read(session, terminal);
  } catch (error) {
    if (!(error instanceof MemcacheError)) throw error;
    await print(terminal.stderr, `memwire top: ${printable(oneLine(error))}\n`);
    return null;
  }
}

function pause({ clock }: Terminal, milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const end = (): void => {
      cancel();
      signal.removeEventListener('abort', end);
      resolve();
    };
    const cancel = clock.after(milliseconds, end);
    signal.addEventListener('abort', end);
  });
}

/** Aborts at `q` and at Ctrl-C; gives what gives the keys back. */
function stopAtKey({ stdin, stdout }: Terminal, stop: AbortController): () => void {
  if (stdin.isTTY !== true || stdout.isTTY !== true) return () => {};
  const onData = (chunk: Uint8Array): void => {
    if (/[qQ\x03\x04]/.test(Buffer.from(chunk).toString('latin1'))) stop.abort();
  };
  stdin.setRawMode?.(true);
  stdin.on('data', onData);
  return () => {
    stdin.off('data', onData).pause();
    stdin.setRawMode?.(false);
  };
}

/** How rates are written, each over the last in a terminal. */
function screen(
  { stdout }: Terminal,
  server: string,
  json: boolean,
): (rates: Rates) => Promise<void> {
  let drawn = 0;
  return async (rates) => {
    if (json) return await print(stdout, `${toJson(rates)}\n`);
    const lines = stdout.isTTY === true ? block(server, rates) : row(rates, drawn === 0);
    // Some terminals do not know, and say 0.
    const width = stdout.columns === undefined || stdout.columns < 1 ? Infinity : stdout.columns;
    const text = stdout.isTTY === true ? lines.map((line) => line.slice(0, width)) : lines;
    // Up to the first line of the last drawing, and from there on nothing.
    const back = stdout.isTTY === true && drawn > 0 ? `\x1b[${drawn}A\x1b[J` : '';
    drawn = lines.length;
    await print(stdout, `${back}${text.join('\n')}\n`);
  };
}

function block(server: string, rates: Rates): string[] {
  const { memory, memoryLimit } = rates;
  const full = memoryLimit === 0 ? '' : ` (${percent(memory / memoryLimit)})`;
  return [
    `${server}    q ends`,
    `hit rate     ${percent(rates.hitRate)}`,
    `operations   ${perSecond(rates.operations)}`,
    `  gets       ${perSecond(rates.gets)}`,
    `  sets       ${perSecond(rates.sets)}`,
    `evictions    ${perSecond(rates.evictions)}`,
    `memory       ${bytes(memory)} of ${bytes(memoryLimit)}${full}`,
    `items        ${rates.items}`,
    `connections  ${rates.connections}`,
    `network      ${bytes(rates.bytesIn)}/s in, ${bytes(rates.bytesOut)}/s out`,
  ];
}

function row(rates: Rates, first: boolean): string[] {
  const cells: readonly (readonly [name: string, value: string])[] = [
    ['hits', percent(rates.hitRate)],
    ['ops/s', rates.operations.toFixed(0)],
    ['gets/s', rates.gets.toFixed(0)],
    ['sets/s', rates.sets.toFixed(0)],
    ['evict/s', rates.evictions.toFixed(0)],
    ['memory', bytes(rates.memory)],
    ['items', String(rates.items)],
    ['conns', String(rates.connections)],
  ];
  const line = cells.map(([, value]) => value.padStart(9)).join('');
  return first ? [cells.map(([name]) => name.padStart(9)).join(''), line] : [line];
}

function percent(share: number | null): string {
  return share === null ? '-' : `${(share * 100).toFixed(1)}%`;
}

function perSecond(rate: number): string {
  return `${rate.toFixed(1)}/s`;
}

function bytes(count: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let unit = 0;
  let value = count;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 ? value.toFixed(0) : value.toFixed(1)} ${units[unit]}`;
}
