import { systemClock } from '../core/clock.ts';
import { memoryDialer } from '../core/server/memory.ts';
import { Server } from '../core/server/serve.ts';
import type { Dialer, Endpoint } from '../core/transport.ts';
import { findProgram, startMemcached } from '../test/memcached.ts';
import { suite } from '../test/suite.ts';
import { dial, runtime } from '../test/runtime.ts';
import { show } from './assert.ts';
import { RawConnection } from './server/raw-connection.ts';
import { RandomRequests } from './random-requests.ts';
import { Random } from './random.ts';

// The law: to the same requests the embedded server and memcached 1.6.18 give the same bytes.

const program = findProgram('memcached');
// Each runtime has sequences of its own.
const seed = Number(process.env['MEMWIRE_SEED'] ?? 20261121) +
  ['node', 'deno', 'bun'].indexOf(runtime);
const rounds = Number(process.env['MEMWIRE_SEQUENCES'] ?? 1000);
const COMMANDS = 20;

// Room for a length that is larger than its value to end in.
const FILLER = 'mn\r\n'.repeat(300);
const BARRIER = 'mg barrier Oend k\r\n';
const REACHED = /[^]*?EN Oend kbarrier\r\n/;

/** One server, and a connection to it that is renewed when the server closes it. */
class Subject {
  readonly #dial: Dialer;
  readonly #endpoint: Endpoint;
  #connection: RawConnection | null = null;

  constructor(dialer: Dialer, endpoint: Endpoint) {
    this.#dial = dialer;
    this.#endpoint = endpoint;
  }

  /** What it says to these requests. */
  async ask(requests: string): Promise<string> {
    this.#connection ??= await RawConnection.open(this.#dial, this.#endpoint);
    this.#connection.send(requests + FILLER + BARRIER);
    try {
      const [all] = await this.#connection.match(REACHED);
      return all;
    } catch {
      const said = this.#connection.rest;
      this.#connection.close();
      this.#connection = null;
      return `${said}(closed)`;
    }
  }

  /** Everything it holds, in a form that can be compared. */
  async contents(): Promise<string> {
    this.#connection ??= await RawConnection.open(this.#dial, this.#endpoint);
    // Not `all`: that walks the LRU, which memcached reorders while it is walked.
    this.#connection.send('lru_crawler metadump hash\r\n');
    const [all] = await this.#connection.match(/(key=[^\n]*\n)*END\r\n/);
    return all.split('\n').map((line) => line.replace(/exp=\d+/, 'exp=#').replace(/la=\d+/, 'la=#'))
      .sort().join('\n');
  }

  close(): void {
    this.#connection?.close();
  }
}

/** Without what depends on the moment: two servers are not asked in the same one. */
function timeless(said: string): string {
  return said
    // Left is an unsigned number; what has expired shows as one close to 2^32.
    .replaceAll(/ t\d+/g, ' t#')
    .replaceAll(/ l\d+/g, ' l#')
    .replaceAll(/exp=-\d\d+|exp=\d+/g, 'exp=#')
    .replaceAll(/la=\d+/g, 'la=#');
}

const differential = suite('embedded server and memcached, side by side');
const test: typeof differential.skip = program === null
  ? (name) => differential.skip(name)
  : differential;

test(`say the same to ${rounds} random sequences of ${COMMANDS} requests (needs memcached)`, async () => {
  if (await firstDifference() === null) return;
  // Whether a flush takes what was stored in its own second depends on where that second ends. What
  // is a difference comes again.
  const again = await firstDifference();
  if (again !== null) throw new Error(again);
});

/** Asks both servers, new ones, until they say or hold something else. */
async function firstDifference(): Promise<string | null> {
  // Its LRU maintainer holds on to items at moments of its own, and then numbers are not written in
  // place: what it says would depend on the moment.
  const memcached = await startMemcached(program ?? '', { args: ['-o', 'no_lru_maintainer'] });
  const embedded = new Server({}, systemClock);
  const real = new Subject(dial, memcached.endpoint);
  const own = new Subject(memoryDialer(embedded), { path: 'memory' });
  const requests = new RandomRequests(new Random(seed));
  try {
    for (let round = 0; round < rounds; round++) {
      const sequence = requests.sequence(COMMANDS);
      const [expected, said] = await Promise.all([real.ask(sequence), own.ask(sequence)]);
      if (timeless(said) !== timeless(expected)) {
        return difference(round, sequence, timeless(expected), timeless(said));
      }
      for (const [, cas] of said.matchAll(/ c(\d{1,9})\b/g)) {
        requests.newestCas = Math.max(requests.newestCas, Number(cas));
      }
      if (round % 20 === 19) {
        const [there, here] = await Promise.all([real.contents(), own.contents()]);
        if (there !== here) {
          return `seed ${seed}, after round ${round}, it holds\n${here}\nnot\n${there}`;
        }
      }
    }
    return null;
  } finally {
    real.close();
    own.close();
    await memcached.stop();
  }
}

function difference(round: number, sequence: string, expected: string, said: string): string {
  let at = 0;
  while (at < expected.length && expected[at] === said[at]) at++;
  const near = (text: string): string => show(text.slice(Math.max(0, at - 80), at + 120));
  return `seed ${seed}, round ${round}\nto ${show(sequence)}\nmemcached: ${near(expected)}\n` +
    `embedded:  ${near(said)}`;
}

differential.run();
