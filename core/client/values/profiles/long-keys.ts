import { utf8 } from '../../../wire/bytes.ts';
import { MAX_KEY } from '../../../wire/key.ts';
import { md5 } from '../../hashing/digests/md5.ts';

/** dalli's: the head of the key, `:md5:`, and the MD5 of all of it. */
export function dalliKey(key: string, prefix: string): string {
  const characters = Array.from(prefix + key);
  if (characters.length <= MAX_KEY) return prefix + key;
  const tail = `:md5:${md5Hex(prefix + key)}`;
  // One character more with a namespace: dalli's own history.
  const length = (prefix === '' ? 249 : 250) - tail.length;
  return characters.slice(0, length).join('') + tail;
}

/** memcached's (npm): the MD5 of all of it, and nothing else. */
export function memcachedNpmKey(key: string, prefix: string): string {
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
