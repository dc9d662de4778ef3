import { systemClock } from '../../core/io/clock.ts';
import { memoryDialer } from '../../core/io/memory-pipe.ts';
import { Server } from '../../core/server/serve.ts';
import type { Dialer, Endpoint } from '../../core/io/transport.ts';
import { findProgram, startMemcached, versionOf } from '../support/memcached.ts';
import { suite } from '../runner/suite.ts';
import { dial, runtime } from '../runner/runtime.ts';
import { show } from '../../conformance/assert.ts';
import { RawConnection } from '../../conformance/server/raw-connection.ts';
import { type Change, changesFrom, isComparable } from '../../conformance/server/since.ts';
import { RandomRequests, shortKeys } from '../../conformance/random-requests.ts';
import { Random } from '../../conformance/random.ts';

// The law: to the same requests the embedded server and memcached give the same bytes, except for
// the differences of that version in the table of changes.

// Each runtime runs different sequences.
const seed = Number(process.env['MEMWIRE_SEED'] ?? 20261121) +
  ['node', 'deno', 'bun'].indexOf(runtime);
const rounds = Number(process.env['MEMWIRE_SEQUENCES'] ?? 1000);
const COMMANDS = 20;

// Padding, for a length that is larger than its value.
const FILLER = 'mn\r\n'.repeat(300);
const BARRIER = 'mg barrier Oend k\r\n';
const REACHED = /[^]*?EN Oend kbarrier\r\n/;
// Reads the cas of each item, and changes nothing.
const CAS_NUMBERS = shortKeys.map((key) => `mg ${key} k c u\r\n`).join('');

// Excludes requests for the state of the server itself; a watch behind other requests, which
// memcached refuses depending on how bytes arrive; a cas so small that one of the two servers may
// reach it by itself, and one that was cut.
const alwaysDiffers: readonly RegExp[] = [
  /^ *(stats *(\0|$)|version)/m,
  /^ *watch/m,
  /^ *m[^\n]* E0*[1-9]\d{0,9}(?!\d)/m,
  /(?<! C?)999999|999999(?=[^\s])/,
];

/** One server, and a connection to it that is renewed when the server closes it. */
class Subject {
  readonly #dial: Dialer;
  readonly #endpoint: Endpoint;
  readonly #differing: readonly Change[];
  #connection: RawConnection | null = null;
  // The protocol does not fix cas numbers: equal ones must only stay equal.
  readonly #names: Map<string, string> = new Map([['0', '0']]);
  readonly #cas: Map<string, string> = new Map();

  constructor(dialer: Dialer, endpoint: Endpoint, differing: readonly Change[]) {
    this.#dial = dialer;
    this.#endpoint = endpoint;
    this.#differing = differing;
  }

  /** Its replies to these requests, in a comparable form. */
  async ask(requests: string): Promise<string> {
    const own = requests.replaceAll(
      /\{([^}\n]*)\}/g,
      (_, key: string) => this.#cas.get(key) ?? '999999',
    );
    const said = await this.#say(own + FILLER + CAS_NUMBERS + BARRIER);
    for (const key of shortKeys) this.#cas.delete(key);
    for (const [, key = '', cas = ''] of said.matchAll(/^HD k(\S+(?:\t\S+)?) c(\d+)/gm)) {
      this.#cas.set(key, cas);
    }
    return this.#named(this.#alike(said));
  }

  async #say(requests: string): Promise<string> {
    this.#connection ??= await RawConnection.open(this.#dial, this.#endpoint);
    this.#connection.send(requests);
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

  /** All its items, in a comparable form. */
  async contents(): Promise<string> {
    this.#connection ??= await RawConnection.open(this.#dial, this.#endpoint);
    // Not `all`: that walks the LRU, which memcached reorders while it is walked.
    this.#connection.send('lru_crawler metadump hash\r\n');
    const [all] = await this.#connection.match(/(OK\r\n)?(key=[^\n]*\n)*END\r\n/);
    return this.#named(this.#alike(all).split('\n').sort().join('\n'));
  }

  /**
   * Its counters of requests. memcached keeps what was flushed or has expired until it comes across
   * it, and counts a `set` whose value ends wrong and a `flush_all` that it refuses; so those numbers,
   * and the sizes, may differ.
   */
  async counters(): Promise<string> {
    this.#connection ??= await RawConnection.open(this.#dial, this.#endpoint);
    this.#connection.send('stats\r\n');
    const [all] = await this.#connection.match(/(STAT [^\n]*\n)*END\r\n/);
    const compared =
      /^STAT (cmd_(get|touch|meta)|(get|delete|incr|decr|cas|touch)_(hits|misses)|cas_badval|total_items) /;
    return all.split('\n').filter((line) => compared.test(line)).sort().join('\n');
  }

  #alike(said: string): string {
    return this.#differing.reduce((text, { alike }) => alike?.(text) ?? text, said);
  }

  // Without the parts that depend on the server: times and counters.
  #named(said: string): string {
    return timeless(said).replaceAll(
      /( c|cas=|^VALUE \S+(?:\t\S+)? \d+ \d+ )(\d+)\b/gm,
      (_, before: string, cas: string) => `${before}${this.#name(cas)}`,
    );
  }

  #name(cas: string): string {
    const known = this.#names.get(cas) ?? `#${this.#names.size}`;
    this.#names.set(cas, known);
    return known;
  }

  close(): void {
    this.#connection?.close();
  }
}

/** Without the parts that depend on the time: the two servers are not asked at the same moment. */
function timeless(said: string): string {
  return said
    // The remaining TTL is unsigned: after expiry it is close to 2^32.
    .replaceAll(/ t\d+/g, ' t#')
    .replaceAll(/ l\d+/g, ' l#')
    .replaceAll(/exp=-\d\d+/g, 'exp=-##')
    .replaceAll(/exp=\d+/g, 'exp=##')
    .replaceAll(/la=\d+/g, 'la=#');
}

const differential = suite('embedded server and memcached, side by side', 300_000);
const program = findProgram('memcached');
const programs = [program, process.env['MEMCACHED_NEWEST'] ?? null]
  .filter((path, i) => i === 0 || path !== null);

for (const path of programs) {
  const version = path === null ? '' : versionOf(path);
  const name = `say the same to ${rounds} random sequences of ${COMMANDS} requests`;
  if (path === null) {
    differential.skip(`${name} (needs memcached)`);
    continue;
  }
  differential(`${name}: ${version}`, async () => {
    if (await firstDifference(path, version) === null) return;
    // Time passes between two answers; a real difference comes again.
    const again = await firstDifference(path, version);
    if (again !== null) throw new Error(again);
  });
}

/** Asks two new servers until their replies or items differ. */
async function firstDifference(path: string, version: string): Promise<string | null> {
  const differing = changesFrom(version);
  // The LRU maintainer of memcached holds items at arbitrary moments, and then numbers are not
  // written in place: its replies would depend on the time.
  const memcached = await startMemcached(path, { args: ['-o', 'no_lru_maintainer'] });
  const embedded = new Server({}, systemClock);
  const real = new Subject(dial, memcached.endpoint, differing);
  const own = new Subject(memoryDialer(embedded), { path: 'memory' }, differing);
  const requests = new RandomRequests(new Random(seed), {
    may: (request) =>
      isComparable(request, differing) && !alwaysDiffers.some((line) => line.test(request)),
    cas: (key) => `{${key}}`,
  });
  try {
    const { plain } = embedded.engine;
    for (let round = 0; round < rounds; round++) {
      // A quarter of the sequences goes the long way, whatever they are.
      plain.request.enabled = round % 4 !== 3;
      const sequence = requests.sequence(COMMANDS);
      const [expected, said] = await Promise.all([real.ask(sequence), own.ask(sequence)]);
      if (said !== expected) return difference(round, sequence, expected, said);
      if (round % 20 === 19) {
        const ask = async (subject: Subject): Promise<string> =>
          `${await subject.contents()}\n${await subject.counters()}`;
        const [there, here] = await Promise.all([ask(real), ask(own)]);
        if (there !== here) {
          const only = (left: string, right: string): string =>
            left.split('\n').filter((line) => !right.split('\n').includes(line)).join('\n');
          return `seed ${seed}, after round ${round}, only memcached holds\n${
            only(there, here)
          }\n` +
            `only the embedded server holds\n${only(here, there)}`;
        }
      }
    }
    if (plain.taken < rounds / 4) return `only ${plain.taken} requests went the fast way`;
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
