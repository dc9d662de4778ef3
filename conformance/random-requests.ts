import type { Random } from './random.ts';

// A length that would swallow the end of the sequence.
const swallows =
  /^ *(ms +[^ ]+|(set|add|replace|append|prepend|cas) +[^ ]+ +[^ ]+ +[^ ]+) +\+?\d{4}/m;

// What the embedded server does otherwise than memcached 1.6.18, by the lines that show it.
const differences: readonly RegExp[] = [
  // The flags E and x since 1.6.27, C of mg since 1.6.40, s of ms since 1.6.21, N of ms since 1.6.20.
  /^ *m[gsda] [^\n]* [Ex]/m,
  /^ *mg [^\n]* C/m,
  /^ *ms [^\n]* [sN]/m,
  // 1.6.18 loses the T of an ma when its number grows, and speaks to a quiet ma that vivifies.
  /^ *ma [^\n]* T/m,
  /^ *ma (?=[^\n]* q)(?=[^\n]* N)/m,
  // It forgets of items that it vivified or grew that their keys came as base64, and shows them as
  // they are, whatever is in them.
  /^ *m[gs] AAEgDQr\/ (?=[^\n]* (N|M[AP]))|^ *ma AAEgDQr\//m,
  // It finds an opaque too long after it has done the rest.
  /^ *m[ga] [^\n]* O\S{32}/m,
  // A get with a key that is too long makes it forget the replies that wait to be sent.
  /^ *ga?ts? [^\n]*\S{251}|^ *get [^\n]*\S{251}/m,
  // What describes the server itself.
  /^ *(stats *(\0|$)|version)/m,
  // A watch behind other requests is refused when it is noticed, which depends on how bytes arrive.
  /^ *watch/m,
];

/**
 * Requests to a server as a client, a broken client or an attacker may send them: bytes, not
 * commands, so that they need not be well formed. What would show a known difference between the
 * embedded server and memcached 1.6.18 is not among them.
 */
export class RandomRequests {
  /** The largest cas number seen in replies. */
  newestCas = 10;
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  /**
   * A few requests in a row.
   *
   * After each comes an `mn`, which makes memcached send what it holds: while a value waits to be
   * sent, 1.6.18 stores a new number beside it instead of writing in place.
   */
  sequence(count: number): string {
    let all = '';
    for (let i = 0; i < count;) {
      const request = this.#request();
      const sent = `${this.#random.chance(0.06) ? this.#spoil(request) : request}mn\r\n`;
      if ([swallows, ...differences].some((line) => line.test(sent))) continue;
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
    const cas = verb === 'cas' ? ` ${this.#cas()}` : '';
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
      mg: [...'cfhklqstuvNRTOPL'],
      ms: [...'ckqOFTICM'],
      md: [...'kqOICT'],
      ma: [...'ctvkOJDMC', random.chance(0.5) ? 'q' : 'N'],
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
        // Far from what times to live count down from, so that no moment lies between two answers.
        return letter + random.pick(['0', '30', '500', '2000000', '-1', '+30', 'x', '']);
      case 'O':
        return `O${random.pick(['1', 'abc', 'y'.repeat(30)])}`;
      case 'P':
      case 'L':
        return letter + random.pick(['', 'hint']);
      case 'F':
        return `F${random.pick(['0', '7', '4294967295', 'x'])}`;
      case 'C':
        return `C${this.#cas()}`;
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
      'cache_memlimit 64',
      'cache_memlimit 5',
      'cache_memlimit x',
      'shutdown',
      'slabs reassign 1 1',
      'slabs',
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
    return this.#random.pick([
      ...['a', 'a', 'a', 'b', 'b', 'c', 'd', 'noreply', '0', 'foo', 'p:q', 'q', 'v'],
      ...['tab\tkey', '\xc3\xa9', '__proto__'],
    ]);
  }

  // No number past 2^63: memcached looks for a minus sign behind one, past the end of the item, and
  // finds it non-numeric when it sees one there.
  #value(): string {
    const random = this.#random;
    return random.pick([
      ...['', 'x', '5', '10', '99', '9007199254740993', '18446744073709551616', '007', ' 12'],
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

  // Near those in use, so that some hit.
  #cas(): string {
    const random = this.#random;
    return random.chance(0.8)
      ? String(Math.max(0, this.newestCas - 25 + random.below(30)))
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
