import { isBytes } from '../../wire/bytes.ts';
import type { Key } from '../../wire/command.ts';
import { UsageError } from '../../wire/errors.ts';
import { isRouted, type ItemKey, type KeyPolicy, Keys, type WireKey } from '../keys.ts';
import type { Profile } from '../values/profiles/profiles.ts';

/** Translates keys for many servers: says too what of a key is hashed. */
export class RoutedKeys extends Keys {
  readonly #prefix: string;
  readonly #profile: Pick<Profile, 'hashes' | 'toKey'> | undefined;
  // For keys that have their prefix already.
  readonly #whole: Keys;

  constructor(policy: KeyPolicy, profile?: Pick<Profile, 'hashes' | 'toKey'>) {
    super(policy);
    this.#prefix = policy.prefix;
    this.#profile = profile;
    this.#whole = new Keys({ ...policy, prefix: '' });
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

  #routed(key: Key): WireKey {
    const profile = this.#profile;
    const isText = typeof key === 'string';
    const wire = profile === undefined || !isText
      ? super.toWire(key)
      : this.#whole.toWire(profile.toKey(key, this.#prefix));
    // Field by field: to spread would cost as much as to hash.
    return { key: wire.key, base64: wire.base64, route: this.#hashed(key, wire) };
  }

  #hashed(key: Key, wire: WireKey): Key {
    const { hashes } = this.#profile ?? { hashes: 'key' };
    if (hashes === 'sent') return wire.key;
    if (hashes === 'prefixed') return typeof key === 'string' ? this.#prefix + key : wire.key;
    if (typeof key === 'string') return key;
    // Out of the copy that is sent.
    return wire.key instanceof Uint8Array
      ? wire.key.subarray(wire.key.length - key.length)
      : wire.key;
  }
}
