// The classic command that stands for a meta command with `orText`.
import type { Command, Key, MetaCommand, MetaSetCommand, StoreVerb } from './command.ts';
import { UsageError } from './errors.ts';
import { bigDecimal } from './numbers.ts';

const noreply = false;
const NO_MODE = 'S';
const storeVerbs: Readonly<Record<string, StoreVerb>> = {
  S: 'set',
  E: 'add',
  R: 'replace',
  A: 'append',
  P: 'prepend',
};

/** Whether the classic commands can carry the key: a base64 key they cannot. */
export function fitsText(command: Command): boolean {
  return !('base64' in command) || !command.base64;
}

/**
 * The classic command with the effect of a meta command. Flags without a classic counterpart are
 * ignored; the sender must not rely on them. The command is never quiet: `noreply` hides failures,
 * makes servers before 1.6 run the values that they refuse, and gets lost in memcached's proxy.
 *
 * @throws UsageError when the key only travels as base64.
 */
export function toText(command: MetaCommand | MetaSetCommand): Command {
  if (!fitsText(command)) {
    throw new UsageError(
      'key',
      'needs meta commands, which carry any byte as base64, and this connection speaks text',
    );
  }
  const flags = readFlags(command.flags);
  const { key } = command;
  const expire = Number(flags.get('T') ?? 0);
  switch (command.verb) {
    case 'mg':
      return read(key, flags, expire);
    case 'ms': {
      const { value } = command;
      const clientFlags = Number(flags.get('F') ?? 0);
      const cas = flags.get('C');
      const fields = { key, flags: clientFlags, expire, value, noreply };
      if (cas !== undefined) return { verb: 'cas', cas: bigDecimal(cas) ?? 0n, ...fields };
      return { verb: storeVerbs[flags.get('M') ?? NO_MODE] ?? 'set', ...fields };
    }
    case 'md':
      return { verb: 'delete', key, noreply };
    case 'ma': {
      const verb = /[D-]/.test(flags.get('M') ?? '') ? 'decr' : 'incr';
      return { verb, key, delta: bigDecimal(flags.get('D') ?? '1') ?? 1n, noreply };
    }
  }
}

function read(
  key: Key,
  flags: ReadonlyMap<string, string>,
  expire: number,
): Command {
  const withCas = flags.has('c');
  if (!flags.has('T')) return { verb: withCas ? 'gets' : 'get', keys: [key] };
  if (!flags.has('v')) return { verb: 'touch', key, expire, noreply };
  return { verb: withCas ? 'gats' : 'gat', expire, keys: [key] };
}

/** The flags of a request: their arguments by their letters. */
function readFlags(flags: readonly string[]): ReadonlyMap<string, string> {
  return new Map(flags.map((flag) => [flag.charAt(0), flag.slice(1)]));
}
