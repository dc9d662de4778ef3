// Counts how many files a get enters, how many calls it makes, and how often its key is read.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runProgram } from './run-program.ts';
import type { Table } from './table.ts';
import type { CalledFunction, WalkRequest } from './walk-worker.ts';

const WORKER = join(import.meta.dirname, 'walk-worker.ts');
const DIST = join(import.meta.dirname, '../dist/modules');
/** How many functions are listed for each path. */
const LISTED = 40;

const walks: readonly (Omit<WalkRequest, 'gets'> & { readonly name: string })[] = [
  { name: 'client.get', path: 'get', inFlight: 1 },
  { name: 'client.get, 64 in flight', path: 'get', inFlight: 64 },
  { name: 'client.get through the bridge', path: 'bridge', inFlight: 1 },
  { name: 'the bridge alone', path: 'bridge alone', inFlight: 1 },
];

/** A function that reads the characters of the key it is called with. */
interface KeyReader {
  readonly file: string;
  readonly name: string;
  /** Its name in the table, if the function's own name is not clear enough. */
  readonly label?: string;
}

const keyReaders: readonly KeyReader[] = [
  { file: 'core/wire/key.js', name: 'checkKey' },
  { file: 'core/wire/key.js', name: 'checkBase64Key' },
  { file: 'core/wire/key.js', name: 'putKey' },
  { file: 'core/wire/plain.js', name: 'putLine' },
  { file: 'core/wire/key.js', name: 'putBase64Key' },
  { file: 'core/wire/prefix.js', name: 'plainKey' },
  { file: 'core/wire/key.js', name: 'keyText' },
  { file: 'core/wire/bytes.js', name: 'fromLatin1' },
  { file: 'core/wire/bytes.js', name: 'matches' },
  { file: 'core/server/key-hash.js', name: 'of', label: 'KeyHash.of' },
  { file: 'core/server/arena.js', name: 'equals', label: 'Arena.equals' },
];

/** The files and the functions of the built package that a get enters. */
export async function* walkTables(quick: boolean, verbose: boolean): AsyncGenerator<Table> {
  const gets = quick ? 640 : 6400;
  const found: (readonly [name: string, functions: readonly Walked[]])[] = [];
  for (const { name, path, inFlight } of walks) {
    const request: WalkRequest = { path, inFlight, gets };
    const called = await runProgram<CalledFunction[]>(WORKER, request, null);
    found.push([name, perGet(called, gets, inFlight)]);
  }
  yield {
    title: 'Files and function calls of one get',
    notes:
      'Function calls in dist from the call of `get` until its promise is settled, counted by ' +
      `V8 without its optimizing compilers: the mean of ${gets} gets, after as many to warm up. In ` +
      'the first two rows the server runs in another thread and is not counted. Through the ' +
      'bridge, the web client and the server are counted too; alone, only the bridge and its ' +
      'upstream connection are. A file is counted if each get, or each group of 64 in flight, ' +
      'enters it; files that only timers enter are not.',
    columns: ['path', 'files', 'calls'],
    rows: found.map(([name, functions]) => [
      name,
      String(new Set(functions.filter((one) => one.regular).map(({ file }) => file)).size),
      sum(functions).toFixed(1),
    ]),
  };
  yield keyTable(found);
  if (!verbose) return;
  for (const [name, functions] of found) yield functionTable(name, functions);
}

interface Walked extends CalledFunction {
  /** Whether it is part of every get, or of every group of gets that are in flight together. */
  readonly regular: boolean;
}

function perGet(called: readonly CalledFunction[], gets: number, inFlight: number): Walked[] {
  return called
    // At least half as often, as some groups may share a call.
    .map((one) => ({ ...one, calls: one.calls / gets, regular: one.calls * inFlight > gets / 2 }))
    .toSorted((left, right) => right.calls - left.calls);
}

function keyTable(
  found: readonly (readonly [name: string, functions: readonly Walked[]])[],
): Table {
  for (const { file, name } of keyReaders) {
    const declared = new RegExp(`^((export )?function|  +)\\s*${name}\\(`, 'm');
    if (!declared.test(readFileSync(join(DIST, file), 'utf8'))) {
      throw new Error(`${file} has no function ${name} that reads a key`);
    }
  }
  return {
    title: 'How often one get reads its key',
    notes: 'Calls of the functions that read the characters of a key.',
    columns: ['path', ...keyReaders.map(({ name, label = name }) => label), 'in all'],
    rows: found.map(([path, functions]) => {
      const readers = keyReaders.map(({ file, name }) =>
        functions.filter((one) => one.file === file && one.name === name)
      );
      return [path, ...[...readers, readers.flat()].map((some) => sum(some).toFixed(1))];
    }),
  };
}

function functionTable(path: string, functions: readonly Walked[]): Table {
  return {
    title: `Calls for each get: ${path}`,
    notes: `The ${LISTED} functions that are called most.`,
    columns: ['function', 'calls'],
    rows: functions.slice(0, LISTED).map(({ file, name, line, calls }) => [
      `${file}:${line} ${name}`,
      calls.toFixed(2),
    ]),
  };
}

function sum(functions: readonly Walked[]): number {
  return functions.reduce((total, { calls }) => total + calls, 0);
}
