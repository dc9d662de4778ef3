// An upstream that checks what a bridge sends.
import type { Dialer } from '../../core/io/transport.ts';
import { ScriptedTransport } from './scripted.ts';

/**
 * An upstream that answers only the probes of a connection, and checks the commands that it receives.
 * Its rules share no code with the code under test: it accepts whole commands that read and write
 * items, with each key under the prefix.
 */
export class StrictUpstream {
  readonly #key: string;
  #transports: ScriptedTransport[] = [];

  /** @param prefix What every key must start with: letters, digits and `:`. */
  constructor(prefix: string) {
    this.#key = `${prefix}[!-~\\x80-\\xff]+`;
  }

  readonly dial: Dialer = (_to, events) => {
    const transport = new ScriptedTransport(events);
    this.#transports.push(transport);
    return Promise.resolve(transport);
  };

  /** Returns the number of commands since the last call. Throws if one breaks the rules. */
  judge(): number {
    let text = this.#transports.map((transport) => transport.take()).join('');
    this.#transports = this.#transports.filter(({ closed }) => !closed);
    let commands = 0;
    for (; text !== ''; commands++) {
      const end = text.indexOf('\r\n');
      const line = text.slice(0, end);
      const length = end < 0 ? null : this.#length(line);
      if (length === null) throw new Error(`was told ${JSON.stringify(line)}`);
      text = text.slice(end + 2);
      if (length < 0) continue;
      if (text.slice(length, length + 2) !== '\r\n') throw new Error('a value does not end');
      text = text.slice(length + 2);
    }
    return commands;
  }

  // The length of the value that a line announces, -1 without one, null if the line is forbidden.
  #length(line: string): number | null {
    const key = this.#key;
    const is = (pattern: string): RegExpExecArray | null => new RegExp(`^${pattern}$`).exec(line);
    if (line === 'mn' || line === 'version') return -1;
    if (is(`gets?( ${key}){1,100}`) ?? is(`gats? -?\\d+( ${key}){1,100}`)) return -1;
    if (is(`delete ${key}`) ?? is(`(incr|decr) ${key} \\d+`) ?? is(`touch ${key} -?\\d+`)) {
      return -1;
    }
    const stored = is(`(?:set|add|replace|append|prepend) ${key} \\d+ -?\\d+ (\\d+)`) ??
      is(`cas ${key} \\d+ -?\\d+ (\\d+) \\d+`);
    if (stored !== null) return Number(stored[1]);
    const meta = is('(?:(ms) (\\S+) (\\d+)|m[gda] (\\S+))((?: [a-zA-Z][!-~]*)*)');
    if (meta === null || line.length > 2046) return null;
    const [, set, setKey, length, otherKey, flags = ''] = meta;
    const word = setKey ?? otherKey ?? '';
    const letters = flags.split(' ').slice(1).map((flag) => flag.charAt(0));
    if (letters.some((letter) => 'qPL'.includes(letter))) return null;
    const named = letters.includes('b') ? atob(word) : word;
    const inside = letters.includes('b')
      ? new RegExp(`^${key.slice(0, key.indexOf('['))}[^]+$`).test(named)
      : new RegExp(`^${key}$`).test(named);
    if (!inside || word.length > 250) return null;
    return set === undefined ? -1 : Number(length);
  }
}
