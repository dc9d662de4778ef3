// The law: a request in one of the plain forms is read into its fields, up to the limits of each; one
// that is beyond them, or differs in any byte, is not plain.
import * as assert from 'uvu/assert';
import { bytes, text } from '../../conformance/assert.ts';
import { suite } from '../../test/runner/suite.ts';
import { MAX_OPAQUE } from './meta-flags.ts';
import { PlainRequest } from './plain-request.ts';

const forms = suite('plain requests: their forms');

/** The fields of a request as text: `verb key, field value...`. */
function describe(request: PlainRequest): string {
  const { verb, bytes: all, flags, expire, noreply } = request;
  const part = (from: number, to: number): string => text(all.subarray(from, to));
  const key = `${verb} ${part(request.keyFrom, request.keyTo)}`;
  const opaque = part(request.opaqueFrom, request.opaqueTo);
  const words = verb === 'mg' || verb === 'ms' ? request.words().join(' ') : '';
  const value = part(request.valueFrom, request.valueTo);
  switch (verb) {
    case 'get':
      return key;
    case 'mg':
      return `${key} [${words}] ${request.wantsValue} ${request.wantsFlags} <${opaque}>`;
    case 'set':
      return `${key} ${flags} ${expire} ${noreply} (${value})`;
    case 'ms':
      return `${key} [${words}] ${flags} ${expire} ${noreply} <${opaque}> (${value})`;
  }
}

const long = 'x'.repeat(250);
const opaque = 'o'.repeat(MAX_OPAQUE);

const plain: Readonly<Record<string, string>> = {
  'get k\r\n': 'get k',
  [`get ${long}\r\n`]: `get ${long}`,
  'get !\x7f\xff\r\n': 'get !\x7f\xff',
  'mg k\r\n': 'mg k [] false false <>',
  [`mg ${long}\r\n`]: `mg ${long} [] false false <>`,
  'mg k v\r\n': 'mg k [v] true false <>',
  'mg k f\r\n': 'mg k [f] false true <>',
  'mg k f v\r\n': 'mg k [f v] true true <>',
  'mg k v f O1\r\n': 'mg k [v f O1] true true <O1>',
  'mg k O1 v\r\n': 'mg k [O1 v] true false <O1>',
  'mg k Oa\r\n': 'mg k [Oa] false false <Oa>',
  [`mg k O${opaque} v\r\n`]: `mg k [O${opaque} v] true false <O${opaque}>`,
  'set k 0 0 0\r\n\r\n': 'set k 0 0 false ()',
  'set k 4294967295 2147483647 3\r\nabc\r\n': 'set k 4294967295 2147483647 false (abc)',
  'set k 0000000001 9 3 noreply\r\nabc\r\n': 'set k 1 9 true (abc)',
  'set k 1 2 9\r\n123456789\r\n': 'set k 1 2 false (123456789)',
  'ms k 0\r\n\r\n': 'ms k [] 0 0 false <> ()',
  'ms k 3 F0 T0\r\nabc\r\n': 'ms k [F0 T0] 0 0 false <> (abc)',
  'ms k 3 T7\r\nabc\r\n': 'ms k [T7] 0 7 false <> (abc)',
  'ms k 3 F7\r\nabc\r\n': 'ms k [F7] 7 0 false <> (abc)',
  'ms k 3 O1 F4294967295 T2147483647\r\nabc\r\n':
    'ms k [O1 F4294967295 T2147483647] 4294967295 2147483647 false <O1> (abc)',
  [`ms k 10 T10 O${opaque}\r\n0123456789\r\n`]:
    `ms k [T10 O${opaque}] 0 10 false <O${opaque}> (0123456789)`,
};

const others: readonly string[] = [
  ...['got k\r\n', 'gex k\r\n', 'getsk\r\n', 'gets k\r\n', 'xet k\r\n', 'set\tk 1 2 0\r\n\r\n'],
  ...['get\tk\r\n', 'mg\tk\r\n', 'md k\r\n', 'xg k\r\n', 'mgxk\r\n', 'm\0 k\r\n', 'mr k 0\r\n\r\n'],
  ...[
    'get  k\r\n',
    'get k \r\n',
    'get k l\r\n',
    'get k\n',
    'get k\rx',
    'get k\r\r',
    'get \r\n\r\n',
  ],
  ...['get k\0\r\n', `get ${long}x\r\n`, `mg ${long}x\r\n`, `ms ${long}x 0\r\n\r\n`, 'get k\t\r\n'],
  ...[
    'mg k v v\r\n',
    'mg k f f\r\n',
    'mg k O1 f\r\n',
    'mg k O1 O2\r\n',
    'mg k O\r\n',
    'mg k O v\r\n',
  ],
  ...['mg k  v\r\n', 'mg k v \r\n', 'mg k vv\r\n', 'mg k v1\r\n', 'mg k t\r\n', 'mg k O1\t\r\n'],
  ...['mg kv\n v\r\n', 'mg k v\n', `mg k O${opaque}o\r\n`, `mg k O${opaque}o v\r\n`, 'mg k\0v\r\n'],
  ...['set k -1 0 1\r\nx\r\n', 'set k 1 -1 1\r\nx\r\n', 'set k 1 1 -1\r\nx\r\n'],
  ...['set k  1 1\r\nx\r\n', 'set k 1  1\r\nx\r\n', 'set k 1 1 \r\n\r\n', 'set k 1 1\r\n\r\n'],
  ...['set k 4294967296 0 1\r\nx\r\n', 'set k 0 2147483648 1\r\nx\r\n', 'set k x 0 1\r\nx\r\n'],
  ...['set k 00000000001 0 1\r\nx\r\n', 'set k / 0 1\r\nx\r\n', 'set k : 0 1\r\nx\r\n'],
  ...['set k 0 0 1 noreplx\r\nx\r\n', 'set k 0 0 1 \r\nx\r\n', 'set k 0 0 1  noreply\r\nx\r\n'],
  ...['set k 0 0 1 noreplyx\r\nx\r\n', 'set k 0 0 1\nx\r\n', 'set k 0 0 1\r\nxy\r\n'],
  ...['set k 0 0 1\r\nx\rx', 'set k 0 0 1\r\nx\n\n', 'set k 0 0 00000000001\r\nx\r\n'],
  ...['ms k\r\n', 'ms k -1\r\n', 'ms k x\r\n', 'ms k 1 F\r\nx\r\n', 'ms k 1 F-1\r\nx\r\n'],
  ...['ms k 1 F0 F1\r\nx\r\n', 'ms k 1 T0 T1\r\nx\r\n'],
  ...['ms k 1 F1 F1\r\nx\r\n', 'ms k 1 T1 T1\r\nx\r\n', 'ms k 1 O1 O1\r\nx\r\n'],
  ...['ms k 1 F4294967296\r\nx\r\n', 'ms k 1 T2147483648\r\nx\r\n', 'ms k 1 T\r\nx\r\n'],
  ...['ms k 1 I\r\nx\r\n', 'ms k 1 Q1\r\nx\r\n', 'ms k 1 F1x\r\nx\r\n', 'ms k 1 F 1\r\nx\r\n'],
  ...[
    'ms k 1  F1\r\nx\r\n',
    'ms k 1 F1 \r\nx\r\n',
    'ms k 1 O\r\nx\r\n',
    `ms k 1 O${opaque}o\r\nx\r\n`,
  ],
  ...[
    'ms k 1 T-1\r\nx\r\n',
    'ms k 1 F00000000001\r\nx\r\n',
    'ms k 1 q\r\nx\r\n',
    'ms k 1\r\nxy\r\n',
  ],
];

/** Reads a text that lies in an array between other bytes. */
function read(request: PlainRequest, data: string, around = 'mn\r\n'): boolean {
  const all = bytes(around + data + around);
  return request.read(all, around.length, around.length + data.length);
}

for (const [data, expected] of Object.entries(plain)) {
  forms(`${JSON.stringify(data.slice(0, 60))} is plain`, () => {
    // Nothing of the request before is left in it.
    const request = new PlainRequest();
    assert.ok(read(request, 'ms other 5 F8 T9 O7\r\nvalue\r\n'));
    for (const around of ['', 'mn\r\n', '\0'.repeat(7), '5555', 'O  v']) {
      assert.ok(read(request, 'set other 8 9 5 noreply\r\nvalue\r\n'));
      assert.ok(read(request, 'mg other v f O7\r\n'));
      assert.ok(read(request, data, around));
      assert.is(describe(request), expected);
      assert.is(request.end, around.length + data.length);
      assert.is(request.view.byteLength, around.length * 2 + data.length);
      assert.is(request.view.getUint8(request.keyFrom), request.bytes[request.keyFrom]);
      for (let end = 0; end < data.length; end++) {
        const all = bytes(around + data);
        assert.not(request.read(all, around.length, around.length + end), data.slice(0, end));
      }
    }
    request.enabled = false;
    assert.not(read(request, data));
  });
}

for (const data of others) {
  forms(`${JSON.stringify(data.slice(0, 60))} is not plain`, () => {
    const request = new PlainRequest();
    for (const around of ['', 'mn\r\n', '5555', 'x x\r\n']) assert.not(read(request, data, around));
  });
}

forms.run();
