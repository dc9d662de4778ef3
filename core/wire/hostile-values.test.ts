// The law: with any value anywhere in a command, before its check or after it, the command
// becomes exactly one request on the wire, or a UsageError and not one byte.
import * as assert from 'uvu/assert';
import { bytes, show, text } from '../../conformance/assert.ts';
import { commandVectors } from '../../conformance/vectors/commands.ts';
import { oddBytes } from '../../conformance/vectors/odd-bytes.ts';
import { suite } from '../../test/runner/suite.ts';
import { checkCommand } from './check-command.ts';
import { ClientConnection } from './client-connection.ts';
import type { Command } from './command.ts';
import { BadRequest, CommandDecoder } from './decode-command.ts';
import { putCommand } from './encode-command.ts';
import { UsageError } from './errors.ts';
import { drain, Output } from './output.ts';

const hostileValues = suite('hostile values');

const boom = (): never => {
  throw new Error('boom');
};
// Values that the type system rejects, and values whose danger it cannot express.
const hostile: readonly unknown[] = [
  ...oddBytes.map(([, odd]) => odd),
  undefined,
  null,
  true,
  0,
  -0,
  -1,
  1.5,
  NaN,
  Infinity,
  2 ** 31,
  2 ** 32,
  2 ** 53,
  -(2 ** 31) - 1,
  0n,
  -1n,
  1n << 64n,
  10n ** 5000n,
  Symbol('s'),
  Symbol.iterator,
  boom,
  '',
  ' ',
  '\0',
  'a\r\nquit',
  'a\nb',
  'é',
  '\ud800',
  '\udc00x',
  '\u010a',
  '\u0120',
  'x'.repeat(3000),
  Object('k'),
  Object(1n),
  {},
  [],
  [undefined],
  [null],
  [5],
  ['a b'],
  ['a\r\n'],
  Array(3),
  Object.assign(Array(3), { 0: 'v', 2: 'f' }),
  [Symbol('s')],
  Array(5000).fill('k'),
  Object.assign([], { length: 2 ** 32 - 1 }),
  Object.create(null),
  new Proxy([], { get: boom }),
  new Proxy({}, { get: boom, has: boom }),
  { toString: boom, valueOf: boom, length: 1 },
  { length: 1, 0: 'k' },
  {
    get length() {
      return boom();
    },
  },
  new Uint8Array(0),
  Uint8Array.of(32),
  Uint8Array.of(97, 10),
  new Uint8Array(300).fill(97),
  new Uint8Array(new SharedArrayBuffer(3)),
  new Uint16Array(2),
  new DataView(new ArrayBuffer(2)),
  new ArrayBuffer(2),
  new Uint8ClampedArray(2),
  Buffer.from('k'),
  new Date(NaN),
  new Map(),
];

/** As the server reads what was written. */
function requestsIn(written: Uint8Array, auth: boolean): number {
  const decoder = new CommandDecoder({ admit: () => null });
  decoder.authenticating = auth;
  decoder.push(written);
  let count = 0;
  for (let next = decoder.next(); next !== null; next = decoder.next()) {
    assert.not.instance(next, BadRequest, text(written));
    count++;
  }
  decoder.push(bytes('version\r\n'));
  decoder.authenticating = false;
  assert.is(show(decoder.next()), '{"verb":"version"}', text(written));
  return count;
}

hostileValues(
  'a command with anything in any field is one request, or a UsageError and no byte',
  () => {
    for (const { command } of commandVectors) {
      for (const name of [...Object.keys(command), 'keys', 'expire', 'value', 'noreply', 'flags']) {
        for (const value of hostile) {
          const connection = new ClientConnection<string>();
          // The test is about values that the type system rejects.
          const spoiled = { ...command, [name]: value } as unknown as Command;
          try {
            connection.send(spoiled, 'a');
          } catch (error) {
            assert.instance(error, UsageError, `${command.verb} ${name}: ${String(error)}`);
            assert.is(connection.transmit(0), null);
            continue;
          }
          const output = new Output();
          putCommand(output, spoiled, -1);
          if (spoiled.verb === 'raw') continue;
          assert.is(
            requestsIn(drain(output), spoiled.verb === 'auth'),
            1,
            `${command.verb} ${name}`,
          );
        }
      }
    }
  },
);

hostileValues(
  'a command that is changed after its check is one request, or a UsageError and no byte',
  () => {
    for (const { command } of commandVectors) {
      if (command.verb === 'raw') continue;
      for (const name of Object.keys(command)) {
        for (const value of hostile) {
          checkCommand(command);
          const changed = { ...command, [name]: value } as unknown as Command;
          const output = new Output();
          try {
            putCommand(output, changed, 1);
          } catch (error) {
            assert.instance(error, UsageError, `${command.verb} ${name}: ${String(error)}`);
            assert.is(output.length, 0, `${command.verb} ${name} left ${output.length} bytes`);
            continue;
          }
          assert.is(
            requestsIn(drain(output), command.verb === 'auth'),
            1,
            `${command.verb} ${name}`,
          );
        }
      }
    }
  },
);

hostileValues('a getter that throws is a UsageError', () => {
  for (const { command } of commandVectors) {
    for (const name of Object.keys(command)) {
      const trap = Object.defineProperty({ ...command }, name, { get: boom });
      assert.throws(() => checkCommand(trap), (error: unknown) => error instanceof UsageError);
    }
  }
});

hostileValues.run();
