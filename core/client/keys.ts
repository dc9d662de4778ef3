// How the keys of a caller become the keys on the wire.
import { isBytes, joined, utf8 } from '../wire/bytes.ts';
import { assertArgument, checkWellFormed } from '../wire/check.ts';
import type { Key } from '../wire/command.ts';
import { UsageError } from '../wire/errors.ts';
import { checkBytes, checkMetaKey, keyBytes, MAX_KEY } from '../wire/key.ts';
import type { Profile } from './values/profiles/profiles.ts';

/**
 * A key and a routing key, which decides on which server it is: items that are used together can be
 * kept on one server. A client of one server ignores the routing key.
 */
export type RoutedKey = readonly [routingKey: Key, key: Key];

/** A key as callers give it. */
export type ItemKey = Key | RoutedKey;

/** The key that an item has on its server, and in the results of calls. */
export function ownKey(key: ItemKey): Key {
  return isRouted(key) ? key[1] : key;
}

/** @throws UsageError when it is a list, but not of two keys. */
export function isRouted(key: ItemKey): key is RoutedKey {
  if (!Array.isArray(key)) return false;
  if (key.length === 2 && !Array.isArray(key[1])) return true;
  throw new UsageError('key', 'that is a list must be of a routing key and a key');
}

/** A key as it is sent. */
export interface WireKey {
  /** The key itself. */
  readonly key: Key;
  /** It needs base64, so it can only be sent with meta commands. */
  readonly base64: boolean;
  /** The text or bytes that are hashed; left out if there is only one server. */
  readonly route?: Key | undefined;
}

/** @throws UsageError naming the rule that the key breaks. */
export function checkWireKey({ key, base64 }: WireKey): void {
  checkMetaKey(key, base64);
}

/** How the keys of a client's user become the keys on the wire. */
export interface KeyPolicy {
  /** The prefix of each key. */
  readonly prefix: string;
  /** Take keys with any character; they travel as UTF-8. */
  readonly unicode: boolean;
  /** Take keys with any byte, white space and control characters too; they travel as base64. */
  readonly binary: boolean;
}

/** ASCII text without a space or a control character: a key that is sent as it is. */
const PLAIN = /^[!-~]*$/;
/** Characters that only base64 can carry. */
// deno-lint-ignore no-control-regex
const SPECIAL = /[\0- \x7f]/;

/** Translates keys. Lengths and characters are checked with the command. */
export class Keys {
  readonly #policy: KeyPolicy;

  /**
   * Makes a policy of keys.
   *
   * @param argument The caller's name for the prefix, for errors.
   * @throws UsageError when the prefix breaks a rule.
   */
  constructor(policy: KeyPolicy, argument: string = 'keyPrefix') {
    this.#policy = policy;
    const { prefix } = policy;
    if (typeof prefix !== 'string') throw new UsageError(argument, 'must be a string');
    checkWellFormed(argument, prefix);
    if (!policy.binary && SPECIAL.test(prefix)) {
      throw new UsageError(argument, 'must not contain a space or a control character');
    }
    if (utf8(prefix).length >= MAX_KEY) {
      throw new UsageError(argument, `must be shorter than ${MAX_KEY} bytes, as keys are with it`);
    }
  }

  /**
   * The same policy for keys that all begin with a text: `a` is the key `x:a` of this one.
   *
   * @param argument The caller's name for the prefix, for errors.
   * @throws UsageError when the prefix breaks a rule.
   */
  withPrefix(prefix: string, argument: string = 'prefix'): Keys {
    assertArgument(typeof prefix === 'string', argument, 'must be a string');
    return new Keys({ ...this.#policy, prefix: this.#policy.prefix + prefix }, argument);
  }

  /**
   * The key as it is sent.
   *
   * @throws UsageError when the key needs an option that is off.
   */
  toWire(key: ItemKey): WireKey {
    const { prefix, unicode, binary } = this.#policy;
    if (typeof key === 'string') {
      const text = prefix === '' ? key : prefix + key;
      if (!unicode && !binary) return { key: text, base64: false };
      if (PLAIN.test(text)) return { key: text, base64: false };
      checkWellFormed('key', text);
      return this.#bytes(utf8(text));
    }
    if (isRouted(key)) return this.toWire(key[1]);
    checkBytes(key);
    // A copy: the caller may write to its array before the command is sent.
    // (A Buffer's own `slice` makes none.)
    if (prefix === '') return this.#bytes(new Uint8Array(key));
    return this.#bytes(withBytes(prefix, key));
  }

  #bytes(key: Uint8Array): WireKey {
    const special = key.some((byte) => byte <= 0x20 || byte === 0x7f);
    return { key, base64: this.#policy.binary && special };
  }
}

function withText(prefix: string, key: Key): Key {
  if (typeof key === 'string') return prefix + key;
  checkBytes(key);
  return withBytes(prefix, key);
}

function withBytes(prefix: string, key: Uint8Array): Uint8Array {
  return joined(PLAIN.test(prefix) ? keyBytes(prefix) : utf8(prefix), key);
}

/** Translates keys for many servers, and gives the part of a key that is hashed. */
export class RoutedKeys extends Keys {
  readonly #policy: KeyPolicy;
  readonly #profile: Pick<Profile, 'hashes' | 'toKey'> | undefined;
  // What `withPrefix` added: unlike the prefix of the policy it is a part of the key that is hashed.
  readonly #added: string;
  // For keys that already have their prefix.
  readonly #whole: Keys;

  constructor(policy: KeyPolicy, profile?: Pick<Profile, 'hashes' | 'toKey'>, added = '') {
    super(policy);
    this.#policy = policy;
    this.#profile = profile;
    this.#added = added;
    this.#whole = new Keys({ ...policy, prefix: '' });
  }

  override withPrefix(prefix: string, argument: string = 'prefix'): Keys {
    assertArgument(typeof prefix === 'string', argument, 'must be a string');
    // What the profile does to keys does not change the rules of the prefix.
    super.withPrefix(this.#added + prefix, argument);
    return new RoutedKeys(this.#policy, this.#profile, this.#added + prefix);
  }

  override toWire(key: ItemKey): WireKey {
    if (!isRouted(key)) return this.#routed(key);
    const [route, own] = key;
    if (typeof route !== 'string' && !isBytes(route)) {
      throw new UsageError('key', 'must have a routing key that is a string or a Uint8Array');
    }
    // A copy: the caller may write to its array before the command is sent.
    const kept = typeof route === 'string' ? route : new Uint8Array(route);
    return { ...this.#routed(own), route: kept };
  }

  #routed(given: Key): WireKey {
    const key = this.#added === '' ? given : withText(this.#added, given);
    const profile = this.#profile;
    const isText = typeof key === 'string';
    const wire = profile === undefined || !isText
      ? super.toWire(key)
      : this.#whole.toWire(profile.toKey(key, this.#policy.prefix));
    // Field by field: to spread would cost as much as to hash.
    return { key: wire.key, base64: wire.base64, route: this.#hashed(key, wire) };
  }

  #hashed(key: Key, wire: WireKey): Key {
    const { hashes } = this.#profile ?? { hashes: 'key' };
    if (hashes === 'sent') return wire.key;
    if (hashes === 'prefixed') {
      return typeof key === 'string' ? this.#policy.prefix + key : wire.key;
    }
    if (typeof key === 'string') return key;
    // Out of the copy that is sent.
    return wire.key instanceof Uint8Array
      ? wire.key.subarray(wire.key.length - key.length)
      : wire.key;
  }
}

/**
 * The indexes of the items that share a server, for each server, in their order.
 *
 * @param serverOf The server of an item; without it all share one.
 */
export function groupByServer<Item>(
  items: readonly Item[],
  serverOf: ((item: Item) => unknown) | undefined,
): Iterable<number[]> {
  // By hand: to spread an iterator takes as long as to encode the keys.
  if (serverOf === undefined) return [items.map((_, index) => index)];
  const groups = new Map<unknown, number[]>();
  items.forEach((item, index) => {
    const server = serverOf(item);
    const indexes = groups.get(server);
    if (indexes === undefined) groups.set(server, [index]);
    else indexes.push(index);
  });
  return groups.values();
}
