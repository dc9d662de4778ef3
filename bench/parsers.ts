import { largeInputs, type ParserInput, SMALL_VALUE, smallInputs } from './parser-inputs.ts';
import { bytesPerSecond, type Effort, ratio, short } from './sample.ts';
import type { Table } from './table.ts';

const LF = 0x0a;
const KB = 1024;
const MB = 1024 * KB;

/** The parsers alone: on small messages in chunks of every size, and on large values. */
export function* parserTables(quick: boolean): Generator<Table> {
  const effort = quick ? { rounds: 3, milliseconds: 20 } : { rounds: 5, milliseconds: 60 };
  yield smallTable(effort);
  yield largeTable(effort, quick ? 16 : 64);
}

function smallTable(effort: Effort): Table {
  const large = smallInputs(4 * MB);
  // A view object for each byte would be all that is measured on more than this.
  const small = smallInputs(256 * KB);
  const rows: string[][] = [];
  const rates = new Map<string, number>();
  for (const [i, whole] of large.entries()) {
    for (const size of [1, 7, 1460, 64 * KB, whole.bytes.length]) {
      const input = size < 100 ? small[i]! : whole;
      const { parse, scan, copy } = measure(input, size, effort);
      if (size === 64 * KB) rates.set(input.name, parse);
      rows.push([
        input.name,
        size === whole.bytes.length ? 'whole' : chunkName(size),
        short(parse),
        short(parse * input.count / input.bytes.length),
        short(scan),
        short(copy),
        ratio(parse / scan),
        ratio(parse / copy),
      ]);
    }
  }
  return {
    title: `Parsers, back-to-back messages with values of ${SMALL_VALUE} bytes`,
    notes:
      'MB/s over the same bytes in the same chunks, each chunk a view made on the way: the parser, ' +
      'a search for every LF with indexOf, and a copy into one array. The parsers that read every ' +
      'form make a value of each message. `plain` ones find where in the chunk the parts of the usual ' +
      'forms lie, as positions, and leave the rest to the former; of a value they make a view or ' +
      'nothing.',
    figures: {
      // As a socket delivers them, in the commands that the client sends by itself.
      'replies, views': rates.get('VA, plain, views')!,
      'requests, views': rates.get('ms, plain, views')!,
      'replies, positions': rates.get('VA, plain, positions')!,
      'requests, positions': rates.get('ms, plain, positions')!,
    },
    columns: ['input', 'chunk', 'parser', 'M msg/s', 'indexOf', 'memcpy', '/indexOf', '/memcpy'],
    rows,
  };
}

function largeTable(effort: Effort, limit: number): Table {
  const rows: string[][] = [];
  for (const [i, name] of largeInputs(1).map((input) => input.name).entries()) {
    for (const chunk of [64 * KB, 1460]) {
      for (const size of [64 * KB, MB, 4 * MB, 16 * MB, 64 * MB]) {
        if (size > limit * MB) continue;
        const input = largeInputs(size)[i]!;
        const { parse, copy } = measure(input, chunk, effort);
        rows.push([
          name,
          chunkName(chunk),
          size < MB ? `${size / KB} kB` : `${size / MB} MB`,
          (1000 / parse).toFixed(3),
          (1000 / copy).toFixed(3),
          ratio(copy / parse),
        ]);
      }
    }
  }
  return {
    title: 'Parsers, one large value',
    notes:
      'ns for each byte: the parser, and a copy of the chunks into an array that is new each time, ' +
      'which is the least that holding the value can cost. Memory that the process did not have ' +
      'before costs both of them more than the copying, so look at how often memcpy the parser is: ' +
      'a parser that is not linear grows by the hundred there.',
    columns: ['input', 'chunk', 'value', 'parser', 'memcpy', 'parser/memcpy'],
    rows,
  };
}

function measure(
  input: ParserInput,
  size: number,
  effort: Effort,
): { parse: number; scan: number; copy: number } {
  const { bytes } = input;
  const isLarge = input.count === 1;
  const reused = isLarge ? null : new Uint8Array(bytes.length);
  let found = 0;
  const parse = (): void => {
    const reading = input.open();
    for (let at = 0; at < bytes.length; at += size) reading.read(bytes.subarray(at, at + size));
    if (reading.count !== input.count) {
      throw new Error(`${input.name}: ${reading.count} of ${input.count} were read`);
    }
  };
  const scan = (): void => {
    for (let at = 0; at < bytes.length; at += size) {
      const chunk = bytes.subarray(at, at + size);
      for (let end = chunk.indexOf(LF); end >= 0; end = chunk.indexOf(LF, end + 1)) found++;
    }
  };
  const copy = (): void => {
    const target = reused ?? new Uint8Array(bytes.length);
    for (let at = 0; at < bytes.length; at += size) target.set(bytes.subarray(at, at + size), at);
  };
  const passes = isLarge ? [parse, copy] : [parse, copy, scan];
  const [parsed, copied, scanned] = bytesPerSecond(passes, bytes.length, effort);
  // Looking at the result keeps a compiler from dropping the search.
  if (!isLarge && found === 0) throw new Error('no line was found');
  return { parse: parsed!, scan: scanned ?? NaN, copy: copied! };
}

function chunkName(size: number): string {
  return size >= KB && size % KB === 0 ? `${size / KB} kB` : `${size} B`;
}
