// The defaults of other clients: schemes, keys and serdes.
import { optionNames } from '../../../wire/check.ts';
import { checkCompression, type Codec, compressedSerde } from '../compressed-serde.ts';
import type { HashScheme } from '../../hashing/hasher.ts';
import { hashSchemes } from '../../hashing/schemes.ts';
import { dalliJsonSerde, dalliSerde } from './dalli-serde.ts';
import { memcachedNpmSerde } from './memcached-npm-serde.ts';
import { phpSerde } from './php-serde.ts';
import { pythonSerde } from './python-serde.ts';
import { spymemcachedSerde } from './spymemcached-serde.ts';
import { utf8 } from '../../../wire/bytes.ts';
import { MAX_KEY } from '../../../wire/key.ts';
import { md5 } from '../../hashing/digests/md5.ts';
import { checkString, ownBytes, type Serde } from '../serde.ts';
import { ForeignValue, storeForeign } from './foreign-value.ts';

/** The name of a profile. */
export type ProfileName =
  | 'dalli'
  | 'dalli-json'
  | 'gomemcache'
  | 'memcached-npm'
  | 'memjs'
  | 'php-memcached'
  | 'pylibmc'
  | 'pymemcache'
  | 'python-memcached'
  | 'spymemcached';

/** The defaults of another client, so that both find and read each other's values. */
export interface Profile {
  /** How it distributes keys among servers. */
  readonly scheme: HashScheme;
  /** The part of a key that it hashes: without the prefix, with it, or the key as it is sent. */
  readonly hashes: 'key' | 'prefixed' | 'sent';
  /** The key that it sends, also for one that is too long. */
  readonly toKey: (key: string, prefix: string) => string;
  /**
   * Reads and writes its values and flags.
   *
   * @throws UsageError naming an option that breaks a rule or is unknown.
   */
  readonly serde: (options?: ProfileOptions) => Serde;
}

/** The compression of values, for clients that support it. */
export interface ProfileOptions {
  /**
   * The codec of the client's format: gzip for spymemcached, zlib for the others. Without it compressed
   * values come back as `ForeignValue`.
   */
  readonly codec?: Codec | undefined;
  /**
   * Values with more bytes than this are compressed; 0 and Infinity, the default, turn compression off,
   * since every client reads uncompressed values. By default php-memcached compresses from 2000 bytes,
   * dalli from 4096 and spymemcached from 16384, and the Python clients only on request.
   */
  readonly threshold?: number | undefined;
  /** The maximum decompressed size of a value in bytes; 64 MiB by default. */
  readonly maxSize?: number | undefined;
}

const joined = (key: string, prefix: string): string => prefix + key;

const names = /* @__PURE__ */ optionNames<ProfileOptions>({
  codec: true,
  threshold: true,
  maxSize: true,
});

/** The serde of a client that marks compressed values with this flag. */
function compressing(serde: Serde, flag: number): Profile['serde'] {
  return (options = {}) => {
    checkCompression(options, names);
    const { codec, threshold = Infinity } = options;
    return codec === undefined
      ? serde
      : compressedSerde({ ...options, codec, threshold, serde, flag });
  };
}

/** The serde of a client that does not compress. */
function plain(serde: Serde): Profile['serde'] {
  return (options = {}) => {
    checkCompression(options, names);
    return serde;
  };
}

/** Bytes as they are, for clients that leave flags to their callers: gomemcache, memjs. */
const plainSerde: Serde = {
  serialize(_key, value) {
    if (typeof value === 'string') return { value: checkString(value), flags: 0 };
    if (value instanceof Uint8Array) return { value, flags: 0 };
    return storeForeign('a client of bytes', value);
  },

  deserialize(_key, value, flags) {
    return flags === 0 ? ownBytes(value) : new ForeignValue(value, flags);
  },
};

/** The schemes, keys and values of other clients, by their names. */
export const profiles: Readonly<Record<ProfileName, Profile>> = {
  dalli: {
    scheme: hashSchemes.dalli,
    hashes: 'sent',
    toKey: dalliKey,
    serde: compressing(dalliSerde, 2),
  },
  'dalli-json': {
    scheme: hashSchemes.dalli,
    hashes: 'sent',
    toKey: dalliKey,
    serde: compressing(dalliJsonSerde, 2),
  },
  gomemcache: {
    scheme: hashSchemes.gomemcache,
    hashes: 'prefixed',
    toKey: joined,
    serde: plain(plainSerde),
  },
  'memcached-npm': {
    scheme: hashSchemes.weightedKetama,
    hashes: 'prefixed',
    toKey: memcachedNpmKey,
    serde: plain(memcachedNpmSerde),
  },
  memjs: {
    scheme: hashSchemes.memjs,
    hashes: 'prefixed',
    toKey: joined,
    serde: plain(plainSerde),
  },
  'php-memcached': {
    scheme: hashSchemes.modula,
    hashes: 'key',
    toKey: joined,
    serde: phpSerde,
  },
  pylibmc: {
    scheme: hashSchemes.modula,
    hashes: 'prefixed',
    toKey: joined,
    serde: compressing(pythonSerde, 8),
  },
  pymemcache: {
    scheme: hashSchemes.pymemcache,
    hashes: 'key',
    toKey: joined,
    serde: compressing(pythonSerde, 8),
  },
  'python-memcached': {
    scheme: hashSchemes.pythonMemcached,
    hashes: 'prefixed',
    toKey: joined,
    serde: compressing(pythonSerde, 8),
  },
  spymemcached: {
    scheme: hashSchemes.spymemcached,
    hashes: 'prefixed',
    toKey: joined,
    serde: compressing(spymemcachedSerde, 2),
  },
};

/** dalli's: the head of the key, `:md5:`, and the MD5 of all of it. */
function dalliKey(key: string, prefix: string): string {
  const characters = Array.from(prefix + key);
  if (characters.length <= MAX_KEY) return prefix + key;
  const tail = `:md5:${md5Hex(prefix + key)}`;
  // One character more with a namespace: dalli's own history.
  const length = (prefix === '' ? 249 : 250) - tail.length;
  return characters.slice(0, length).join('') + tail;
}

/** memcached's (npm): the MD5 of all of it, and nothing else. */
function memcachedNpmKey(key: string, prefix: string): string {
  const all = prefix + key;
  return all.length > MAX_KEY ? md5Hex(all) : all;
}

function md5Hex(text: string): string {
  const bytes = utf8(text);
  const words = md5(bytes, bytes.length);
  return Array.from(
    { length: 16 },
    (_, i) => ((words[i >> 2]! >>> ((i & 3) << 3)) & 0xff).toString(16).padStart(2, '0'),
  ).join('');
}
