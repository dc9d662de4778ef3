// Keys as typed, and on the wire.
import { Keys, type WireKey } from '../../core/client/keys.ts';
import { fromBase64 } from '../../core/wire/base64.ts';
import { utf8 } from '../../core/wire/bytes.ts';
import type { Key } from '../../core/wire/command.ts';
import { FlagError, showWord } from './flags.ts';
import { wordBytes } from './split-line.ts';

/** The key of a word; it may have any bytes. */
export function toKey(word: string = ''): Key {
  return /^[!-~]*$/.test(word) ? word : wordBytes(word);
}

/** The key on the wire: base64 if it has bytes that a line cannot carry. */
export function toWireKey(key: Key): WireKey {
  return new Keys({ prefix: '', unicode: false, binary: true }).toWire(key);
}

/**
 * The key and the flags of a meta command, as typed in a line of the protocol: with the flag `b`
 * the key is base64.
 */
export function toMetaKey(
  word: string,
  flags: readonly string[],
): WireKey & { readonly flags: readonly string[] } {
  if (!flags.includes('b')) return { ...toWireKey(toKey(word)), flags };
  const key = fromBase64(utf8(word));
  if (key === null) {
    throw new FlagError(`KEY: "${showWord(word)}" is no base64, against the flag b`);
  }
  return { key, base64: true, flags: flags.filter((flag) => flag !== 'b') };
}
