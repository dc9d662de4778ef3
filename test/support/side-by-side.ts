// Two servers that get the same random requests: memcached, and the embedded server, which may stand
// behind a bridge or a proxy.
import { systemClock } from '../../core/io/clock.ts';
import { memoryDialer } from '../../core/io/memory-pipe.ts';
import type { Dialer, Endpoint } from '../../core/io/transport.ts';
import { Server } from '../../core/server/serve.ts';
import { show } from '../../conformance/assert.ts';
import { Random } from '../../conformance/random.ts';
import { RandomRequests, shortKeys } from '../../conformance/random-requests.ts';
import { RawConnection } from '../../conformance/server/raw-connection.ts';
import { changesFrom, isComparable } from '../../conformance/server/since.ts';
import { dial } from '../runner/runtime.ts';
import { startMemcached } from './memcached.ts';

/** What stands between the requests and the embedded server. */
export interface Middleman {
  /** Puts it before the server; returns how it is reached. */
  readonly open: (server: Server) => Promise<{
    readonly dial: Dialer;
    readonly endpoint: Endpoint;
    readonly close: () => Promise<void>;
  }>;
  /** Whether it is to pass on such a request. */
  readonly passes: (request: string) => boolean;
  /** Makes replies alike that it changes, as documented. */
  readonly alike: (said: string) => string;
  /** What it puts before each key. */
  readonly prefix: string;
}

/** A comparison of two servers. */
export interface Comparison {
  /** The program of memcached. */
  readonly program: string;
  /** Its version: `1.6.18`. */
  readonly version: string;
  readonly seed: number;
  /** How many sequences of requests. */
  readonly sequences: number;
  readonly middleman?: Middleman | undefined;
}

/** The requests in a sequence. */
export const COMMANDS = 20;

/** How often two servers are asked the same, as long as they differ each time elsewhere. */
const ATTEMPTS = 4;

/** A difference, and the sequence after which it was found. */
interface Difference {
  readonly round: number;
  readonly text: string;
}

/**
 * Asks two new servers the same, and again if their replies or items differ: time passes between two
 * answers, so that an item may end for one of them, while a real difference comes again at the same
 * place. Returns the difference, or null.
 */
export async function compare(comparison: Comparison): Promise<string | null> {
  let last: Difference | null = null;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const found = await firstDifference(comparison);
    if (found === null) return null;
    const isSame = found.round === last?.round;
    last = found;
    if (isSame) break;
  }
  return last!.text;
}

// Padding, for a length that is larger than its value.
const FILLER = 'mn\r\n'.repeat(300);
const BARRIER = 'mg barrier Oend k\r\n';
const REACHED = /[^]*?EN Oend kbarrier\r\n/;

// Excludes requests for the state of the server itself; a watch behind other requests, which
// memcached refuses depending on how bytes arrive; a cas so small that one of the two servers may
// reach it by itself, and one that was cut; an opaque that is too long, which memcached
// notices after it has counted a hit or a miss.
const alwaysDiffers: readonly RegExp[] = [
  /^ *(stats *(\0|$)|version)/m,
  /^ *watch/m,
  /^ *m[^\n]* E0*[1-9]\d{0,9}(?!\d)/m,
  /(?<! C?)999999|999999(?=[^\s])/,
  /^ *m[agd] [^\n]* O[^ \n]{32}/m,
];

/** One server, and a connection to it that is renewed when the server closes it. */
class Subject {
  readonly #dial: Dialer;
  readonly #endpoint: Endpoint;
  readonly #alike: (said: string) => string;
  #connection: RawConnection | null = null;
  // The protocol does not fix cas numbers: equal ones must only stay equal.
  readonly #names: Map<string, string> = new Map([['0', '0']]);
  readonly #cas: Map<string, string> = new Map();
  // Reads the cas of each item, and changes nothing.
  readonly #casNumbers: string;

  constructor(
    dialer: Dialer,
    endpoint: Endpoint,
    { alike, passes }: Pick<Middleman, 'alike' | 'passes'>,
  ) {
    this.#dial = dialer;
    this.#endpoint = endpoint;
    this.#alike = alike;
    this.#casNumbers = shortKeys.map((key) => `mg ${key} k c u\r\n`).filter(passes).join('');
  }

  /** Its replies to these requests, in a comparable form. */
  async ask(requests: string): Promise<string> {
    const own = requests.replaceAll(
      /\{([^}\n]*)\}/g,
      (_, key: string) => this.#cas.get(key) ?? '999999',
    );
    const said = await this.#say(own + FILLER + this.#casNumbers + BARRIER);
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

/** Asks two new servers until their replies or items differ. */
async function firstDifference(comparison: Comparison): Promise<Difference | null> {
  const { program, version, seed, sequences, middleman } = comparison;
  const differing = changesFrom(version);
  const rules = {
    alike(said: string): string {
      const text = differing.reduce((left, change) => change.alike?.(left) ?? left, said);
      return middleman?.alike(text) ?? text;
    },
    passes: (request: string): boolean => middleman?.passes(request) ?? true,
  };
  // The LRU maintainer of memcached holds items at arbitrary moments, and then numbers are not
  // written in place: its replies would depend on the time.
  const memcached = await startMemcached(program, { args: ['-o', 'no_lru_maintainer'] });
  const embedded = new Server({}, systemClock);
  const way = await middleman?.open(embedded);
  const openReal = (): Subject => new Subject(dial, memcached.endpoint, rules);
  const real = openReal();
  const openOwn = (): Subject => new Subject(memoryDialer(embedded), { path: 'memory' }, rules);
  const own = way === undefined ? openOwn() : new Subject(way.dial, way.endpoint, rules);
  // A middleman lists no items.
  const holders = way === undefined ? [real, own] as const : [openReal(), openOwn()] as const;
  const requests = new RandomRequests(new Random(seed), {
    may: (request) =>
      isComparable(request, differing) && rules.passes(request) &&
      !alwaysDiffers.some((line) => line.test(request)),
    cas: (key) => `{${key}}`,
  });
  try {
    const { plain } = embedded.engine;
    for (let round = 0; round < sequences; round++) {
      // A quarter of the sequences goes the long way, whatever they are.
      plain.request.enabled = round % 4 !== 3;
      const sequence = requests.sequence(COMMANDS);
      const [expected, said] = await Promise.all([real.ask(sequence), own.ask(sequence)]);
      if (said !== expected) {
        return { round, text: difference(seed, round, sequence, expected, said) };
      }
      if (round % 20 !== 19) continue;
      const held = await differenceOfItems(holders, middleman);
      if (held !== null) return { round, text: `seed ${seed}, after round ${round}, ${held}` };
    }
    const isTaken = plain.taken >= sequences / 4 || middleman !== undefined;
    const text = `only ${plain.taken} requests went the fast way`;
    return isTaken ? null : { round: sequences, text };
  } finally {
    for (const subject of [real, own, ...holders]) subject.close();
    await way?.close();
    await memcached.stop();
  }
}

async function differenceOfItems(
  [real, own]: readonly [Subject, Subject],
  middleman: Middleman | undefined,
): Promise<string | null> {
  const ask = async (subject: Subject): Promise<string> => {
    const items = await subject.contents();
    // A middleman asks for more than it is asked for, and its prefix makes items larger.
    return middleman === undefined
      ? `${items}\n${await subject.counters()}`
      : items.replaceAll(/ (cas|cls|size)=\S+/g, '').replaceAll(`key=${middleman.prefix}`, 'key=');
  };
  const [there, here] = await Promise.all([ask(real), ask(own)]);
  if (there === here) return null;
  const only = (left: string, right: string): string =>
    left.split('\n').filter((line) => !right.split('\n').includes(line)).join('\n');
  return `only memcached holds\n${only(there, here)}\nonly the embedded server holds\n${
    only(here, there)
  }`;
}

function difference(
  seed: number,
  round: number,
  sequence: string,
  expected: string,
  said: string,
): string {
  let at = 0;
  while (at < expected.length && expected[at] === said[at]) at++;
  const near = (text: string): string => show(text.slice(Math.max(0, at - 80), at + 120));
  return `seed ${seed}, round ${round}\nto ${show(sequence)}\nmemcached: ${near(expected)}\n` +
    `embedded:  ${near(said)}`;
}
