// Generators of random commands and replies for property tests.
import fc from 'fast-check';
import type { Command } from '../../core/wire/command.ts';
import type { Reply } from '../../core/wire/reply.ts';
import { metaFlags } from '../../core/wire/meta-flags.ts';

const noreply = fc.boolean();
const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
const i32 = fc.integer({ min: -0x8000_0000, max: 0x7fff_ffff });
const u64 = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n });

/** A byte of a key that is sent as it is, not in base64. */
const keyByte = fc.integer({ min: 0x21, max: 0xff }).filter((byte) => byte !== 0x7f);
const asciiKey = fc.string({
  unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
  minLength: 1,
  maxLength: 250,
});
const bytesKey = fc.array(keyByte, { minLength: 1, maxLength: 250 }).map((list) =>
  Uint8Array.from(list)
);
const key = fc.oneof(asciiKey, asciiKey, bytesKey, fc.constant('noreply'));
const anyBytesKey = fc.uint8Array({ minLength: 1, maxLength: 186 });
const metaKey = fc.oneof(
  key.map((plain) => ({ key: plain, base64: false })),
  anyBytesKey.map((binary) => ({ key: binary, base64: true })),
);

const value = fc.oneof(
  fc.uint8Array({ maxLength: 300 }),
  fc.string({ maxLength: 300, unit: 'binary' }),
  fc.constant('END\r\n'),
  fc.constant('x'.repeat(2000)),
);

const word = fc.string({
  unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
  minLength: 1,
  maxLength: 20,
}).filter((text) => !['noreply', 'metadump', 'mgdump'].includes(text));

const flagArguments: Record<string, fc.Arbitrary<string>> = {
  none: fc.constant(''),
  seconds: i32.map(String),
  u32: u32.map(String),
  u64: u64.map(String),
  mode: fc.constantFrom('E', 'A', 'P', 'R', 'S'),
  opaque: fc.string({ unit: fc.constantFrom(...'abc019/+'), minLength: 1, maxLength: 31 }),
  free: word,
};

/** Flags other than the mode, whose letters differ between ms and ma. */
const flags = fc.shuffledSubarray(
  [...metaFlags.keys()].filter((letter) => letter !== 'b' && letter !== 'M'),
  { maxLength: 12 },
).chain((letters) =>
  fc.tuple(
    ...letters.map((letter) =>
      flagArguments[metaFlags.get(letter)!]!.map((argument) => letter + argument)
    ),
  )
);

const storing = { key, flags: u32, expire: i32, value, noreply };

/** A well-formed command that decodes to itself once it has been encoded. */
export const anyCommand: fc.Arbitrary<Command> = fc.oneof(
  fc.record({ verb: fc.constantFrom('get', 'gets'), keys: fc.array(key, { minLength: 1 }) }),
  fc.record({
    verb: fc.constantFrom('gat', 'gats'),
    expire: i32,
    keys: fc.array(key, { minLength: 1, maxLength: 7 }),
  }),
  fc.record({
    verb: fc.constantFrom('set', 'add', 'replace', 'append', 'prepend'),
    ...storing,
  }),
  fc.record({ verb: fc.constant('cas'), ...storing, cas: u64 }),
  fc.record({ verb: fc.constant('delete'), key, noreply }),
  fc.record({ verb: fc.constantFrom('incr', 'decr'), key, delta: u64, noreply }),
  fc.record({ verb: fc.constant('touch'), key, expire: i32, noreply }),
  fc.tuple(fc.constantFrom('mg', 'md'), metaKey, flags).map(([verb, keys, list]) => ({
    verb,
    ...keys,
    flags: list,
  })),
  fc.tuple(metaKey, flags, fc.constantFrom('I', '+', 'D', '-')).map(([keys, list, mode]) => ({
    verb: 'ma' as const,
    ...keys,
    flags: [...list, `M${mode}`],
  })),
  fc.tuple(metaKey, flags, value, flagArguments['mode']!).map(([keys, list, data, mode]) => ({
    verb: 'ms' as const,
    ...keys,
    value: data,
    flags: [`M${mode}`, ...list],
  })),
  metaKey.map((keys) => ({ verb: 'me' as const, ...keys })),
  fc.constantFrom('mn', 'version', 'quit', 'refresh_certs').map((verb) => ({ verb })),
  fc.record({ verb: fc.constant('verbosity'), level: u32, noreply }),
  fc.record({ verb: fc.constant('flush_all'), delay: i32, noreply }),
  fc.record({ verb: fc.constant('cache_memlimit'), megabytes: u32, noreply }),
  fc.record({ verb: fc.constant('shutdown'), graceful: fc.boolean() }),
  fc.record({
    verb: fc.constantFrom('stats', 'watch'),
    words: fc.array(word, { maxLength: 5 }),
  }),
  fc.record({
    verb: fc.constantFrom('slabs', 'lru', 'extstore', 'lru_crawler'),
    words: fc.array(word, { minLength: 1, maxLength: 5 }),
  }),
  fc.record({
    verb: fc.constantFrom('lru_crawler metadump', 'lru_crawler mgdump', 'config get'),
    words: fc.array(word, { minLength: 1, maxLength: 1 }),
  }),
);

const token = fc.string({
  unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
  minLength: 1,
  maxLength: 30,
});
// A numeric opaque could be mistaken for the opaque that a connection adds. No flag is repeated, and
// client flags are a number.
const replyFlags = fc.uniqueArray(token.filter((text) => !/^O\d|^f(?!\d{1,20}$)/.test(text)), {
  selector: (text) => text[0],
  maxLength: 8,
});
const data = fc.uint8Array({ maxLength: 300 });
const line = fc.string({
  unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)),
  maxLength: 60,
});

/** A reply, with a command that it can answer. */
export const anyExchange: fc.Arbitrary<{ request: Command; reply: Reply }> = fc.oneof(
  fc.array(fc.record({ key: asciiKey, flags: u32, value: data }), { maxLength: 6 }).map((
    items,
  ) => ({
    request: { verb: 'get', keys: items.map((item) => item.key).concat('last') },
    reply: { type: 'values', items: items.map((item) => ({ ...item, cas: undefined })) },
  })),
  fc.array(fc.record({ key: bytesKey, flags: u32, value: data, cas: u64 }), { maxLength: 6 }).map((
    items,
  ) => ({
    request: { verb: 'gets', keys: [...items.map((item) => item.key), 'last'] },
    reply: { type: 'values', items },
  })),
  fc.tuple(fc.constantFrom('HD', 'EN', 'NF', 'NS', 'EX'), replyFlags).map(([type, list]) => ({
    request: type === 'EN'
      ? { verb: 'mg', key: 'k', base64: false, flags: [] }
      : { verb: 'md', key: 'k', base64: false, flags: [] },
    reply: { type, flags: list },
  })),
  fc.tuple(replyFlags, data).map(([list, bytes]) => ({
    request: { verb: 'mg', key: 'k', base64: false, flags: ['v'] },
    reply: { type: 'VA', flags: list, value: bytes },
  })),
  u64.map((number) => ({
    request: { verb: 'incr', key: 'k', delta: 1n, noreply: false },
    reply: { type: 'number', value: number },
  })),
  fc.tuple(
    fc.constantFrom('ERROR', 'CLIENT_ERROR', 'SERVER_ERROR'),
    line.map((text) => text.trim()),
  ).map(([type, message]) => ({
    request: { verb: 'version' },
    reply: { type, message },
  })),
  fc.array(fc.record({ type: fc.constantFrom('STAT', 'PREFIX', 'ITEM'), name: token, value: line }))
    .map((lines) => ({
      request: { verb: 'stats', words: [] },
      reply: { type: 'stats', lines },
    })),
  line.map((version) => ({ request: { verb: 'version' }, reply: { type: 'VERSION', version } })),
  fc.record({
    exp: i32,
    la: u32,
    cas: u64,
    fetch: fc.boolean(),
    cls: u32,
    size: u32,
    flags: fc.option(u32, { nil: undefined }),
  }).chain((facts) =>
    metaKey.map((keys) => ({
      request: { verb: 'me', ...keys },
      reply: { type: 'ME', ...keys, ...facts },
    }))
  ),
) as fc.Arbitrary<{ request: Command; reply: Reply }>;
