// `memwire top`: shows the activity of a server.
import { checkWords } from './console/commands.ts';
import { CommandLine, connectionFlags, oneLine } from './console/flags.ts';
import { toJson } from './console/part.ts';
import { printable } from './console/quote.ts';
import { MemcacheError } from '../core/wire/errors.ts';
import { connect } from './connect.ts';
import { commandHelp, topProgram } from './help.ts';
import { type Rates, ratesBetween, type Reading } from './rates.ts';
import { print, stopSignal, type Terminal } from './terminal.ts';

/**
 * Runs `memwire top`: in a terminal it redraws the activity of a server until `q` or Ctrl-C;
 * otherwise it prints a line for each reading.
 *
 * @returns The exit code.
 * @throws FlagError, MemcacheError when the first reading fails, and what the streams throw.
 */
export async function runTop(args: readonly string[], terminal: Terminal): Promise<number> {
  const line = new CommandLine(args, [...topProgram.flags, ...connectionFlags, 'help']);
  if (line.has('help')) {
    await print(terminal.stdout, commandHelp(topProgram));
    return 0;
  }
  checkWords(topProgram, line.words);
  const interval = (line.number('interval') ?? 1) * 1000;
  const count = line.number('count') ?? Infinity;
  const session = connect(line, terminal, line.words[0]);
  const stop = stopSignal(terminal);
  const releaseKeys = stopAtKey(terminal, stop);
  const show = screen(terminal, session.server ?? 'an embedded server', line.has('json'));
  const read = async (): Promise<Reading> => {
    const stats = await session.client.stats([], { signal: stop.signal });
    return { at: terminal.clock.elapsed(), stats };
  };
  // A server that is down for a while may come back.
  const tryRead = async (): Promise<Reading | MemcacheError> => {
    try {
      return await read();
    } catch (error) {
      if (error instanceof MemcacheError && !stop.signal.aborted) return error;
      throw error;
    }
  };
  try {
    let before: Reading | MemcacheError = await read();
    for (let intervals = 0; intervals < count; intervals++) {
      await pause(terminal, interval, stop.signal);
      if (stop.signal.aborted) break;
      const after = await tryRead();
      if (after instanceof Error) await show(after);
      else if (!(before instanceof Error)) await show(ratesBetween(before, after));
      before = after;
    }
    return 0;
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    return 0;
  } finally {
    releaseKeys();
    // Pending replies are not waited for.
    void session.close();
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

/** Aborts at `q` and at Ctrl-C; returns a function that restores the keyboard. */
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

/** Writes rates, or the error instead of them; in a terminal each over the last. */
function screen(
  { stdout, stderr }: Terminal,
  server: string,
  json: boolean,
): (rates: Rates | MemcacheError) => Promise<void> {
  let drawn = 0;
  const draw = async (lines: readonly string[]): Promise<void> => {
    // Some terminals report a width of 0.
    const width = stdout.columns === undefined || stdout.columns < 1 ? Infinity : stdout.columns;
    // Moves to the first line of the last drawing, and clears from there on.
    const back = drawn > 0 ? `\x1b[${drawn}A\x1b[J` : '';
    drawn = lines.length;
    await print(stdout, `${back}${lines.map((line) => `${line.slice(0, width)}\n`).join('')}`);
  };
  let isFirst = true;
  return async (rates) => {
    const isDrawn = stdout.isTTY === true && !json;
    if (rates instanceof Error) {
      const why = printable(oneLine(rates));
      return isDrawn
        ? await draw([title(server), why])
        : await print(stderr, `memwire top: ${why}\n`);
    }
    if (isDrawn) return await draw(block(server, rates));
    await print(stdout, json ? `${toJson(rates)}\n` : row(rates, isFirst));
    isFirst = false;
  };
}

function title(server: string): string {
  return `${server}    q ends`;
}

function block(server: string, rates: Rates): string[] {
  const { memory, memoryLimit } = rates;
  const full = memoryLimit === 0 ? '' : ` (${percent(memory / memoryLimit)})`;
  return [
    title(server),
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

function row(rates: Rates, isFirst: boolean): string {
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
  const lines = [cells.map(([, value]) => value)];
  if (isFirst) lines.unshift(cells.map(([name]) => name));
  return lines.map((line) => `${line.map((cell) => cell.padStart(10)).join('')}\n`).join('');
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
