// Values as other clients store them.
import { fromLatin1 } from '../../core/wire/bytes.ts';
import type { ProfileName } from '../../core/client/values/profiles/profiles.ts';

/** A value as another client stored it. */
export interface StoredVector {
  readonly profile: ProfileName;
  readonly name: string;
  /** The value in JavaScript; undefined if only its writer can read it. */
  readonly value: unknown;
  readonly flags: number;
  /** The stored bytes, in hexadecimal. */
  readonly stored: string;
  /** Whether it is only read, and never written in this form. */
  readonly readOnly?: true | undefined;
}

/** Read from a server that the named client had written to, or from its own encoder. */
export const storedVectors: readonly StoredVector[] = [
  // pymemcache 3.5.2
  { profile: 'pymemcache', name: 'text', value: 'héllo', flags: 16, stored: '68c3a96c6c6f' },
  {
    profile: 'pymemcache',
    name: 'bytes',
    value: Uint8Array.of(0, 255, 10, 13, 92),
    flags: 0,
    stored: '00ff0a0d5c',
  },
  { profile: 'pymemcache', name: 'a number', value: 42, flags: 2, stored: '3432' },
  { profile: 'pymemcache', name: 'a negative number', value: -7, flags: 2, stored: '2d37' },
  {
    profile: 'pymemcache',
    name: 'a large number',
    value: 2n ** 70n,
    flags: 2,
    stored: '31313830353931363230373137343131333033343234',
  },
  {
    profile: 'pymemcache',
    name: 'a pickle',
    value: undefined,
    flags: 1,
    stored: '8005950a00000000000000473ff80000000000002e',
  },
  // python-memcached 1.58
  { profile: 'python-memcached', name: 'text', value: 'héllo', flags: 16, stored: '68c3a96c6c6f' },
  {
    profile: 'python-memcached',
    name: 'bytes',
    value: Uint8Array.of(0, 255, 10, 13, 92),
    flags: 0,
    stored: '00ff0a0d5c',
  },
  { profile: 'python-memcached', name: 'a number', value: 42, flags: 2, stored: '3432' },
  { profile: 'python-memcached', name: 'a negative number', value: -7, flags: 2, stored: '2d37' },
  {
    profile: 'python-memcached',
    name: 'a large number',
    value: 2n ** 70n,
    flags: 2,
    stored: '31313830353931363230373137343131333033343234',
  },
  {
    profile: 'python-memcached',
    name: 'a pickle',
    value: undefined,
    flags: 1,
    stored: '46312e350a2e',
  },
  {
    profile: 'python-memcached',
    name: 'compressed text',
    value: 'abc'.repeat(2000),
    flags: 24,
    stored: '789cedc2411100000c02a0ac6aff0e0bb12f1ce9a2aaaaaaaaaafe1e2f01f959',
    readOnly: true,
  },
  // pylibmc 1.6.3
  { profile: 'pylibmc', name: 'text', value: 'héllo', flags: 16, stored: '68c3a96c6c6f' },
  {
    profile: 'pylibmc',
    name: 'bytes',
    value: Uint8Array.of(0, 255, 10, 13, 92),
    flags: 0,
    stored: '00ff0a0d5c',
  },
  { profile: 'pylibmc', name: 'a number', value: 42, flags: 4, stored: '3432', readOnly: true },
  {
    profile: 'pylibmc',
    name: 'a negative number',
    value: -7,
    flags: 4,
    stored: '2d37',
    readOnly: true,
  },
  {
    profile: 'pylibmc',
    name: 'a large number',
    value: 2n ** 70n,
    flags: 4,
    stored: '31313830353931363230373137343131333033343234',
    readOnly: true,
  },
  {
    profile: 'pylibmc',
    name: 'a pickle',
    value: undefined,
    flags: 1,
    stored: '8005950a00000000000000473ff80000000000002e',
  },
  {
    profile: 'pylibmc',
    name: 'compressed text',
    value: 'abc'.repeat(2000),
    flags: 24,
    stored: '789cedc2411100000c02a0ac6aff0e0bb12f1ce9a2aaaaaaaaaafe1e2f01f959',
    readOnly: true,
  },
  // php-memcached 3.2.0
  { profile: 'php-memcached', name: 'text', value: 'héllo', flags: 0, stored: '68c3a96c6c6f' },
  { profile: 'php-memcached', name: 'a number', value: 42, flags: 1, stored: '3432' },
  { profile: 'php-memcached', name: 'a negative number', value: -7, flags: 1, stored: '2d37' },
  {
    profile: 'php-memcached',
    name: 'the greatest integer',
    value: 2n ** 63n - 1n,
    flags: 1,
    stored: '39323233333732303336383534373735383037',
  },
  { profile: 'php-memcached', name: 'a double', value: 1.5, flags: 2, stored: '312e35' },
  {
    profile: 'php-memcached',
    name: 'a large double',
    value: 1e300,
    flags: 2,
    stored: '31652b333030',
  },
  {
    profile: 'php-memcached',
    name: 'infinity',
    value: Infinity,
    flags: 2,
    stored: '496e66696e697479',
  },
  { profile: 'php-memcached', name: 'true', value: true, flags: 3, stored: '31' },
  { profile: 'php-memcached', name: 'false', value: false, flags: 3, stored: '' },
  {
    profile: 'php-memcached',
    name: 'a double without its zero',
    value: 0.3333333333333333,
    flags: 2,
    stored: '2e33333333333333333333333333333333',
    readOnly: true,
  },
  {
    profile: 'php-memcached',
    name: 'an object as JSON',
    value: { a: 1 },
    flags: 6,
    stored: '7b2261223a317d',
  },
  {
    profile: 'php-memcached',
    name: 'a list as JSON',
    value: [1, 'x'],
    flags: 6,
    stored: '5b312c2278225d',
  },
  { profile: 'php-memcached', name: 'null as JSON', value: null, flags: 6, stored: '6e756c6c' },
  {
    profile: 'php-memcached',
    name: 'a serialised object',
    value: undefined,
    flags: 4,
    stored: '613a313a7b733a313a2261223b693a313b7d',
  },
  {
    profile: 'php-memcached',
    name: 'text compressed by FastLZ',
    value: 'abc'.repeat(2000),
    flags: 80,
    stored: '7017000002616263' + 'e0fd02'.repeat(22) + 'e0dd0202616263',
    readOnly: true,
  },
  {
    profile: 'php-memcached',
    name: 'text compressed by zlib',
    value: 'abc'.repeat(2000),
    flags: 48,
    stored: '70170000789cedc2411100000c02a0ac6aff0e0bb12f1ce9a2aaaaaaaaaafe1e2f01f959',
    readOnly: true,
  },
  {
    profile: 'php-memcached',
    name: 'text compressed by FastLZ, level 2',
    value: 'abc'.repeat(30_000),
    flags: 80,
    stored: '905f010022616263e0' + 'ff'.repeat(352) + 'e10202616263',
    readOnly: true,
  },
  // dalli 3.0.6
  {
    profile: 'dalli',
    name: 'a raw string',
    value: Uint8Array.of(0x68, 0xc3, 0xa9, 0x6c, 0x6c, 0x6f),
    flags: 0,
    stored: '68c3a96c6c6f',
  },
  { profile: 'dalli', name: 'a marshalled number', value: undefined, flags: 1, stored: '0408692f' },
  {
    profile: 'dalli',
    name: 'a marshalled string',
    value: undefined,
    flags: 1,
    stored: '040849220b68c3a96c6c6f063a064554',
  },
  {
    profile: 'dalli',
    name: 'a compressed raw string',
    value: fromLatin1('abc'.repeat(2000)),
    flags: 2,
    stored: '789cedc2411100000c02a0ac6aff0e0bb12f1ce9a2aaaaaaaaaafe1e2f01f959',
    readOnly: true,
  },
  // memcached 2.2.2 (npm)
  { profile: 'memcached-npm', name: 'text', value: 'héllo', flags: 0, stored: '68c3a96c6c6f' },
  {
    profile: 'memcached-npm',
    name: 'bytes',
    value: Uint8Array.of(0, 255, 10, 13, 92),
    flags: 4,
    stored: '00c3bf5c0a5c0d5c',
  },
  {
    profile: 'memcached-npm',
    name: 'text with line ends',
    value: 'a\r\nb\\r\\n\\',
    flags: 0,
    stored: '615c0d5c0a625c725c6e5c',
  },
  { profile: 'memcached-npm', name: 'a number', value: 42, flags: 8, stored: '3432' },
  { profile: 'memcached-npm', name: 'a negative number', value: -7, flags: 8, stored: '2d37' },
  { profile: 'memcached-npm', name: 'a fraction', value: 1.5, flags: 8, stored: '312e35' },
  { profile: 'memcached-npm', name: 'true', value: true, flags: 2, stored: '74727565' },
  { profile: 'memcached-npm', name: 'null', value: null, flags: 2, stored: '6e756c6c' },
  {
    profile: 'memcached-npm',
    name: 'an object',
    value: { a: 1, b: 'x\ny' },
    flags: 2,
    stored: '7b2261223a312c2262223a22785c6e79227d',
  },
  // spymemcached 2.12.3
  { profile: 'spymemcached', name: 'text', value: 'héllo', flags: 0, stored: '68c3a96c6c6f' },
  { profile: 'spymemcached', name: 'an Integer', value: 42, flags: 512, stored: '2a' },
  {
    profile: 'spymemcached',
    name: 'a negative Integer',
    value: -7,
    flags: 512,
    stored: 'fffffff9',
  },
  { profile: 'spymemcached', name: 'an Integer of 0', value: 0, flags: 512, stored: '' },
  { profile: 'spymemcached', name: 'a Long', value: 2 ** 40, flags: 768, stored: '010000000000' },
  {
    profile: 'spymemcached',
    name: 'a negative Long',
    value: -7,
    flags: 768,
    stored: 'fffffffffffffff9',
    readOnly: true,
  },
  { profile: 'spymemcached', name: 'true', value: true, flags: 256, stored: '31' },
  { profile: 'spymemcached', name: 'false', value: false, flags: 256, stored: '30' },
  {
    profile: 'spymemcached',
    name: 'a Date',
    value: new Date(1_700_000_000_123),
    flags: 1024,
    stored: '018bcfe5687b',
  },
  { profile: 'spymemcached', name: 'a Byte', value: -3, flags: 1280, stored: 'fd', readOnly: true },
  {
    profile: 'spymemcached',
    name: 'a Float',
    value: 1.5,
    flags: 1536,
    stored: '3fc00000',
    readOnly: true,
  },
  {
    profile: 'spymemcached',
    name: 'a Double',
    value: 1 / 3,
    flags: 1792,
    stored: '3fd5555555555555',
  },
  {
    profile: 'spymemcached',
    name: 'bytes',
    value: Uint8Array.of(0, 255, 10, 13, 92),
    flags: 2048,
    stored: '00ff0a0d5c',
  },
  {
    profile: 'spymemcached',
    name: 'a serialised object',
    value: undefined,
    flags: 1,
    stored: 'aced0005737200136a6176612e7574696c2e41727261794c6973747881d21d99c7619d0300014900' +
      '0473697a657870000000017704000000017400017878',
  },
  {
    profile: 'spymemcached',
    name: 'text compressed by gzip',
    value: 'abc'.repeat(6000),
    flags: 2,
    stored: '1f8b08000000000000ffedc2010900000c03a0acdbfa77788e8362baa8aaaaaaaaaaaaaaaaaaaaaa' +
      'aaaaaaaaaafaff012ebfbb0850460000',
    readOnly: true,
  },
];
