// The form of a reply vector.
import type { Command } from '../../core/wire/command.ts';
import type { ItemFacts, Reply, ReplyItem, ValueItem } from '../../core/wire/reply.ts';
import { bytes } from '../assert.ts';

/** The bytes of a reply to a command, and their meaning. */
export interface ReplyVector {
  readonly name: string;
  readonly request: Command;
  readonly bytes: string;
  /** The parts that come before the reply, if its verb has them. */
  readonly items?: readonly ReplyItem[] | undefined;
  /** The reply, or null if it never ends. */
  readonly reply: Reply | null;
  /** Whether this package would write other bytes, so that only reading is tested. */
  readonly readOnly?: true | undefined;
}

/** A reply of one fixed word. */
export function status(request: Command, word: string): ReplyVector {
  return {
    name: `${request.verb}: ${word}`,
    request,
    bytes: `${word}\r\n`,
    reply: { type: word } as Reply,
  };
}

export const get = (...keys: string[]): Command => ({ verb: 'get', keys });

export const set: Command = {
  verb: 'set',
  key: 'k',
  flags: 0,
  expire: 0,
  value: '',
  noreply: false,
};

export const mg: Command = { verb: 'mg', key: 'k', base64: false, flags: ['v'] };

export const stats = (...words: string[]): Command => ({ verb: 'stats', words });

export const admin = (...words: string[]): Command => ({ verb: 'slabs', words });

/** A value as `get` returns it. */
export function item(key: string, value: string, flags = 0): ValueItem {
  return { key, flags, value: bytes(value), cas: undefined };
}

/** The metadata of an item in the vectors. */
export const facts: Omit<ItemFacts, 'key'> = {
  exp: -1,
  la: 5,
  cas: 7n,
  fetch: true,
  cls: 1,
  size: 63,
  flags: undefined,
};
