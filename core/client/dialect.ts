// Turns operations into meta commands, which a connection that speaks text sends as classic
// commands. Each meta reply proves by its opaque which command it answers, any key can be sent, and
// servers before 1.6.35 answer pipelined reads several times faster than classic ones. Replies mean
// the same in both dialects: see `results.ts`.
import { type PlainFlags, plainFlags } from '../wire/plain.ts';
import type {
  GetCommand,
  Key,
  MetaCommand,
  MetaSetCommand,
  StoreVerb,
  Value,
} from '../wire/command.ts';
import type { WireKey } from './keys.ts';

/** The fields of a write besides its key and value. */
export interface WriteFields {
  /** As the protocol's exptime. */
  readonly expire: number;
  readonly flags: number;
  /** Ask for no reply on success. */
  readonly quiet: boolean;
}

// Commands with these lists are plain: encoded, and their replies decoded, in one pass.
/** Asks for the value and its client flags. */
export const READ: readonly string[] = /* @__PURE__ */ plainFlags('mg', ['v', 'f']);
const DELETE = /* @__PURE__ */ plainFlags('md', []);
const READ_CAS: readonly string[] = /* @__PURE__ */ plainFlags('mg', ['v', 'f', 'c']);
const QUIET = /* @__PURE__ */ plainFlags('md', ['q']);

const modes: Readonly<Record<StoreVerb, string | null>> = {
  set: null,
  add: 'ME',
  replace: 'MR',
  append: 'MA',
  prepend: 'MP',
};

export function getCommand({ key, base64 }: WireKey, withCas: boolean): MetaCommand {
  return { verb: 'mg', key, base64, flags: withCas ? READ_CAS : READ, orText: true };
}

/** Reads, and sets when it expires. */
export function gatCommand(
  { key, base64 }: WireKey,
  withCas: boolean,
  expire: number,
): MetaCommand {
  const flags = recentTouches.list(withCas ? 'gats' : 'gat', expire, 0, false);
  return { verb: 'mg', key, base64, flags, orText: true };
}

/**
 * One command for many keys, none of which needs base64: a classic get costs the server and the
 * wire about half of as many `mg`.
 */
export function getManyCommand(keys: readonly Key[], withCas: boolean): GetCommand {
  return { verb: withCas ? 'gets' : 'get', keys };
}

export function storeCommand(
  mode: StoreVerb,
  { key, base64 }: WireKey,
  value: Value,
  fields: WriteFields,
): MetaSetCommand {
  return { verb: 'ms', key, base64, value, flags: storeFlags(mode, fields), orText: true };
}

export function casCommand(
  { key, base64 }: WireKey,
  value: Value,
  cas: bigint,
  fields: WriteFields,
): MetaSetCommand {
  return {
    verb: 'ms',
    key,
    base64,
    value,
    flags: [...writeFlags(fields), `C${cas}`],
    orText: true,
  };
}

export function deleteCommand({ key, base64 }: WireKey, quiet: boolean): MetaCommand {
  return { verb: 'md', key, base64, flags: quiet ? QUIET : DELETE, orText: true };
}

export function arithmeticCommand(
  { key, base64 }: WireKey,
  direction: 'incr' | 'decr',
  delta: bigint,
  quiet: boolean,
): MetaCommand {
  const flags = recentChanges.list(direction, delta, 0, quiet);
  return { verb: 'ma', key, base64, flags, orText: true };
}

export function touchCommand(
  { key, base64 }: WireKey,
  expire: number,
  quiet: boolean,
): MetaCommand {
  const flags = recentTouches.list('touch', expire, 0, quiet);
  return { verb: 'mg', key, base64, flags, orText: true };
}

/** The flags of a store; a list for plain commands if an earlier one had the same. */
export function storeFlags(
  mode: StoreVerb,
  { expire, flags, quiet }: WriteFields,
): readonly string[] {
  return recentStores.list(mode, expire, flags, quiet);
}

type Make<Mode, Amount> = (
  mode: Mode,
  amount: Amount,
  flags: number,
  quiet: boolean,
) => string[];

/** What the flags of an operation are made of. */
interface LastFlags<Mode, Amount> {
  readonly mode: Mode;
  readonly amount: Amount;
  readonly flags: number;
  readonly quiet: boolean;
  /** A list for plain commands, made when the same flags are used a second time. */
  plain: readonly string[] | null;
}

const LAST = 16;

/** The flags of the last operations of a kind: the next one mostly has the same. */
class RecentOperations<Mode extends string, Amount extends number | bigint> {
  readonly #verb: PlainFlags['verb'];
  readonly #make: Make<Mode, Amount>;
  readonly #last: (LastFlags<Mode, Amount> | undefined)[] = [];

  constructor(verb: PlainFlags['verb'], make: Make<Mode, Amount>) {
    this.#verb = verb;
    this.#make = make;
  }

  list(mode: Mode, amount: Amount, flags: number, quiet: boolean): readonly string[] {
    // A sum that differs between the modes that follow one another: gat and touch, incr and decr.
    const at = (mode.charCodeAt(0) + mode.length + Number(amount) + flags) & (LAST - 1);
    const last = this.#last[at];
    const isSame = last !== undefined && last.mode === mode && last.amount === amount &&
      last.flags === flags && last.quiet === quiet;
    if (isSame && last.plain !== null) return last.plain;
    const list = this.#make(mode, amount, flags, quiet);
    if (isSame) return last.plain = plainFlags(this.#verb, list);
    this.#last[at] = { mode, amount, flags, quiet, plain: null };
    return list;
  }
}

const recentStores = /* @__PURE__ */ new RecentOperations<StoreVerb, number>(
  'ms',
  (mode, expire, flags, quiet) => {
    const list = writeFlags({ expire, flags, quiet });
    const letter = modes[mode];
    if (letter !== null) list.push(letter);
    return list;
  },
);

const recentChanges = /* @__PURE__ */ new RecentOperations<'incr' | 'decr', bigint>(
  'ma',
  (direction, delta, _flags, quiet) => {
    const list = ['v', `D${delta}`];
    if (direction === 'decr') list.push('MD');
    if (quiet) list.push('q');
    return list;
  },
);

const recentTouches = /* @__PURE__ */ new RecentOperations<'touch' | 'gat' | 'gats', number>(
  'mg',
  (mode, expire, _flags, quiet) => {
    const list = mode === 'touch' ? [] : mode === 'gat' ? [...READ] : [...READ_CAS];
    list.push(`T${expire}`);
    if (quiet) list.push('q');
    return list;
  },
);

function writeFlags({ expire, flags, quiet }: WriteFields): string[] {
  // Not an empty array that grows, which would allocate room for 16 more.
  const list = flags === 0 ? [] : [`F${flags}`];
  if (expire !== 0) list.push(`T${expire}`);
  if (quiet) list.push('q');
  return list;
}

/** How many lists of flags are remembered. */
const RECENT = 8;

interface RecentList {
  readonly verb: PlainFlags['verb'];
  readonly names: readonly string[];
  readonly values: readonly unknown[];
  readonly extra: number;
  readonly flags: readonly string[];
  /** The same for plain commands, made when they are used a second time. */
  plain: readonly string[] | null;
}

/**
 * Lists of flags, by the options that they were made of: those of one call are mostly those of the
 * next, and to compare them takes a tenth of the time of making a list.
 */
export class RecentFlags {
  readonly #lists: RecentList[] = [];
  #next = 0;

  /**
   * @param extra What the list depends on besides the options.
   * @param make Checks the options and makes the list, if there was none of the same.
   */
  list(
    verb: RecentList['verb'],
    options: object,
    extra: number,
    make: () => readonly string[],
  ): readonly string[] {
    for (const list of this.#lists) {
      if (list.verb === verb && list.extra === extra && hasSame(list, options)) {
        return list.plain ??= plainFlags(verb, list.flags);
      }
    }
    const flags = make();
    const names = Object.keys(options);
    const values: unknown[] = Object.values(options);
    if (values.every((value, index) => isRepeated(names[index]!, value))) {
      const list = { verb, names, values, extra, flags, plain: null };
      this.#lists[this.#next++ % RECENT] = list;
    }
    return flags;
  }
}

// Whether an option is not mostly of one call only, as are a cas, a signal and an opaque.
function isRepeated(name: string, value: unknown): boolean {
  if (name === 'ifCas' || name === 'newCas') return false;
  return typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint' ||
    name === 'mode';
}

function hasSame({ names, values }: RecentList, options: object): boolean {
  let index = 0;
  for (const name in options) {
    const value = (options as Readonly<Record<string, unknown>>)[name];
    if (names[index] !== name || values[index] !== value) return false;
    index++;
  }
  return index === names.length;
}
