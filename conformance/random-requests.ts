// Random requests to a server.
import type { Random } from './random.ts';

// Matches a length that would swallow the end of the sequence.
const swallows =
  /^ *(ms +[^ ]+|(set|add|replace|append|prepend|cas) +[^ ]+ +[^ ]+ +[^ ]+) +\+?\d{4}/m;

/** The keys that nearly all requests are about. */
export const shortKeys: readonly string[] = [
  ...['a', 'b', 'c', 'd', 'noreply', '0', 'foo', 'p:q', 'q', 'v'],
  ...['tab\tkey', '\xc3\xa9', '__proto__'],
];

/**
 * Random requests that a client, a broken client or an attacker may send: bytes, not commands, so
 * that they may be malformed.
 */
export class RandomRequests {
  readonly #random: Random;
  readonly #may: (request: string) => boolean;
  readonly #cas: (key: string) => string;

  /**
   * @param options.may Filters the requests; all are allowed by default.
   * @param options.cas Replaces the cas of an item; a small number by default.
   */
  constructor(
    random: Random,
    options: {
      readonly may?: ((request: string) => boolean) | undefined;
      readonly cas?: ((key: string) => string) | undefined;
    } = {},
  ) {
    this.#random = random;
    this.#may = options.may ?? (() => true);
    this.#cas = options.cas ?? (() => String(random.below(100)));
  }

  /**
   * A few requests in a row.
   *
   * After each comes an `mn`, which makes memcached flush its replies: while a value waits to be
   * sent, it stores a new number beside it instead of writing in place.
   */
  sequence(count: number): string {
    let all = '';
    for (let i = 0; i < count;) {
      const request = this.#request();
      const sent = `${this.#random.chance(0.06) ? this.#spoil(request) : request}mn\r\n`;
      // Placeholders of numbers are replaced first.
      const looked = sent.replaceAll(/\{[^}\n]*\}/g, '999999');
      if (swallows.test(looked) || !this.#may(looked)) continue;
      all += sent;
      i++;
    }
    return all;
  }

  #request(): string {
    const random = this.#random;
    switch (random.below(16)) {
      case 0:
      case 1:
        return this.#get();
      case 2:
      case 3:
      case 4:
        return this.#store();
      case 5:
        return `delete ${this.#key()}${this.#noreply()}${this.#end()}`;
      case 6:
        return `${
          random.pick(['incr', 'decr'])
        } ${this.#key()} ${this.#number()}${this.#noreply()}${this.#end()}`;
      case 7:
        return `touch ${this.#key()} ${this.#exptime()}${this.#noreply()}${this.#end()}`;
      case 8:
      case 9:
      case 10:
        return this.#metaGet();
      case 11:
      case 12:
        return this.#metaSet();
      case 13:
        return `md ${this.#metaKey('md')}${this.#end()}`;
      case 14:
        return `ma ${this.#metaKey('ma')}${this.#end()}`;
      default:
        return this.#rest();
    }
  }

  #get(): string {
    const random = this.#random;
    const keys = Array.from({ length: 1 + random.below(4) }, () => this.#shortKey()).join(' ');
    return random.chance(0.75)
      ? `${random.pick(['get', 'gets'])} ${keys}${this.#end()}`
      : `${random.pick(['gat', 'gats'])} ${this.#exptime()} ${keys}${this.#end()}`;
  }

  #store(): string {
    const random = this.#random;
    const verb = random.pick(['set', 'set', 'set', 'add', 'replace', 'append', 'prepend', 'cas']);
    const value = this.#value();
    const flags = random.pick(['0', '0', '5', '4294967295', '4294967296', '-1', 'x']);
    const length = value.length + (random.chance(0.06) ? random.below(7) - 3 : 0);
    const cas = verb === 'cas' ? ` ${this.#casNumber()}` : '';
    const line = `${verb} ${this.#key()} ${flags} ${this.#exptime()} ${length}${cas}`;
    return `${line}${this.#noreply()}${this.#end()}${value}\r\n`;
  }

  #metaGet(): string {
    return `mg ${this.#metaKey('mg')}${this.#end()}`;
  }

  #metaSet(): string {
    const value = this.#value();
    const length = value.length + (this.#random.chance(0.06) ? this.#random.below(7) - 3 : 0);
    const [key, ...flags] = this.#metaKey('ms').split(' ');
    return `ms ${key} ${length}${
      flags.map((flag) => ` ${flag}`).join('')
    }${this.#end()}${value}\r\n`;
  }

  #metaKey(verb: 'mg' | 'ms' | 'md' | 'ma'): string {
    const random = this.#random;
    const base64 = random.chance(0.15);
    const key = base64
      ? random.pick([
        'AAEgDQr/',
        'YQ==',
        'Zm9v',
        'Zm9',
        '!!!',
        'YWJj====',
        'Y\xffWJj',
        '====',
        'YQ==',
      ])
      : this.#key();
    const letters = {
      mg: [...'cfhklqstuvNRTOPLE', ...(random.chance(0.2) ? 'C' : '')],
      ms: [...'ckqsOFTICMEN'],
      md: [...'kqOICTExF'],
      ma: [...'ctvkOJDMCETqN'],
    }[verb];
    const flags = letters.filter((letter) => random.chance(0.3) && !(base64 && letter === 'N'))
      .map((letter) => this.#flag(verb, letter));
    if (random.chance(0.03)) flags.push(random.pick(['Z', 'v', 'k', 'Q1', '\xff', 'S5', 'O']));
    if (base64) flags.splice(random.below(flags.length + 1), 0, 'b');
    for (let i = flags.length - 1; i > 0; i--) {
      const j = random.below(i + 1);
      [flags[i], flags[j]] = [flags[j]!, flags[i]!];
    }
    return [key, ...flags].join(' ');
  }

  #flag(verb: string, letter: string): string {
    const random = this.#random;
    switch (letter) {
      case 'N':
      case 'T':
        return letter + this.#exptime();
      case 'R':
        // Far from the start of any TTL, so that no second passes between the two answers.
        return letter + random.pick(['0', '30', '500', '2000000', '-1', '+30', 'x', '']);
      case 'O':
        return `O${random.pick(['1', 'abc', 'y'.repeat(30)])}`;
      case 'P':
      case 'L':
        return letter + random.pick(['', 'hint']);
      case 'F':
        return `F${random.pick(['0', '7', '4294967295', 'x'])}`;
      case 'C':
        return `C${this.#casNumber()}`;
      case 'E':
        return `E${
          random.pick(['1000000000001', '1000000000002', '18446744073709551615', '0', 'x'])
        }`;
      case 'J':
      case 'D':
        return letter + this.#number();
      case 'M':
        return `M${random.pick(verb === 'ms' ? [...'EAPRSX'] : [...'I+D-X'])}`;
      default:
        return letter;
    }
  }

  #rest(): string {
    const random = this.#random;
    return random.pick([
      'mn',
      'mn x',
      `me ${this.#key()}`,
      'me AAEgDQr/ b',
      'verbosity 0',
      'verbosity',
      'verbosity 0 noreply',
      'flush_all',
      'flush_all noreply',
      'flush_all x',
      'stats foo',
      'stats detail',
      'stats sizes_enable',
      'cache_memlimit 64',
      'cache_memlimit 5',
      'cache_memlimit x',
      'shutdown',
      'slabs reassign 1 1',
      'slabs',
      'slabs automove window 10',
      'slabs automove freeratio 0.1',
      'lru tune 10 25 0.1 2.0',
      'lru mode x',
      'lru_crawler foo',
      'lru_crawler tocrawl 0',
      'foo',
      'get',
      'mg',
      'ms',
      'set a 0',
      'delete',
      'incr a',
      '',
      ' ',
      'g',
      'constructor',
    ]) + this.#end();
  }

  #key(): string {
    const random = this.#random;
    return random.chance(0.1) ? 'k'.repeat(random.pick([250, 251])) : this.#shortKey();
  }

  #shortKey(): string {
    return this.#random.pick(['a', 'a', 'b', ...shortKeys]);
  }

  #value(): string {
    const random = this.#random;
    return random.pick([
      ...['', 'x', '5', '10', '99', '9007199254740993', '18446744073709551616', '007', ' 12'],
      ...['9223372036854775808', '18446744073709551615'],
      ...['5 ', '-1', 'abc', 'END\r\n', 'get a\r\n', '\0\xff', '1\0', '12\t3'],
      'v'.repeat(random.below(300)),
    ]);
  }

  #number(): string {
    return this.#random.pick([
      ...['0', '1', '1', '5', '100', '9007199254740993', '18446744073709551616'],
      ...['-1', '+3', 'x', '', '1x', '007'],
    ]);
  }

  #exptime(): string {
    return this.#random.pick([
      ...['0', '0', '0', '100', '1000', '2592000', '-1', '2592001', '2147483647'],
      ...['4294967296', 'x', '+5000', '', '99999999999999999999'],
    ]);
  }

  #casNumber(): string {
    const random = this.#random;
    return random.chance(0.8)
      ? this.#cas(this.#shortKey())
      : random.pick(['0', '18446744073709551615', 'x', '-1', '']);
  }

  #noreply(): string {
    const random = this.#random;
    return random.chance(0.2) ? random.pick([' noreply', ' noreply', ' 0', ' NOREPLY', ' x']) : '';
  }

  #end(): string {
    return this.#random.chance(0.1) ? '\n' : '\r\n';
  }

  #spoil(request: string): string {
    const random = this.#random;
    const at = random.below(request.length);
    switch (random.below(4)) {
      case 0:
        return request.slice(0, at) + request.slice(at + 1);
      case 1:
        return request.slice(0, at) + random.pick([' ', 'z', '\0', '\r', '\n']) + request.slice(at);
      case 2:
        return request.slice(0, at) + random.pick([' ', 'z', '\r\n']) + request.slice(at + 1);
      default:
        return request + request.slice(at);
    }
  }
}

/**
 * A few requests in a row for few keys: `get`, `mg`, `set` and `ms`, in their plain forms and nearly so.
 */
export function plainSequence(random: Random, count: number): string {
  const rare = ['c', 'tab\tkey', '\xc3\xa9', 'k'.repeat(250)];
  // Most values of one key take equally many blocks, so that they are written over in place.
  const key = (): string => random.pick(['a', 'a', 'a', 'b', 'b', random.pick(rare)]);
  const expire = (): string => random.pick(['0', '0', '0', '1', '100', '2592001', '2147483648']);
  const flags = (): string => random.pick(['0', '0', '7', '4294967295', '4294967296', '007']);
  const value = (): string => 'v'.repeat(random.pick([0, 1, 5, 10, 15, 19, 100, 150, 300, 900]));
  const opaque = (): string =>
    random.pick(['', '', ' O1', ' Oabc', ' O', ` O${'o'.repeat(31)}`, ` O${'o'.repeat(32)}`]);
  const shuffled = (...words: string[]): string => {
    for (let i = words.length - 1; i > 0; i--) words.push(...words.splice(random.below(i + 1), 1));
    return words.join('');
  };
  const some = (flag: string): string => (random.chance(0.5) ? flag : '');
  let all = '';
  for (let i = 0; i < count; i++) {
    const text = value();
    const noreply = random.pick(['', '', '', ' noreply', ' noreplies']);
    all += random.pick([
      () => `get ${key()}\r\n`,
      () => `mg ${key()}${shuffled(some(' v'), some(' f'), opaque())}\r\n`,
      () => `set ${key()} ${flags()} ${expire()} ${text.length}${noreply}\r\n${text}\r\n`,
      () =>
        `ms ${key()} ${text.length}${
          shuffled(some(` F${flags()}`), some(` T${expire()}`), opaque())
        }\r\n${text}\r\n`,
      () => random.pick([`md ${key()} I\r\n`, 'mn\r\n', `mg ${key()} R30 t\r\n`, `gets a b\r\n`]),
    ])();
  }
  return all;
}
