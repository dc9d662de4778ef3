import * as assert from 'uvu/assert';
import { suite } from '../../test/runner/suite.ts';
import { fromLatin1 } from './bytes.ts';
import { classOf } from './command-facts.ts';
import type { Command } from './command.ts';
import { prefixCommand, unprefixReply } from './prefix.ts';
import { encodeCommand } from './encode-command.ts';
import { encodeReply } from './encode-reply.ts';
import { UsageError } from './errors.ts';

const confine = suite('confine: commands and replies of a proxy');
const prefix = fromLatin1('app:');
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

const get: Command = { verb: 'get', keys: ['a', 'b'] };
const binary: Command = { verb: 'md', key: fromLatin1('\0'), base64: true, flags: [] };

const commands: readonly (readonly [command: Command, line: string])[] = [
  [get, 'get app:a app:b\r\n'],
  [{ verb: 'delete', key: 'a', noreply: true }, 'delete app:a\r\n'],
  [{ verb: 'mg', key: 'a', base64: false, flags: ['v', 'q'] }, 'mg app:a v\r\n'],
  [binary, 'md YXBwOgA= b\r\n'],
];

for (const [command, line] of commands) {
  confine(`${command.verb} goes out as ${JSON.stringify(line)}`, () => {
    assert.is(text(encodeCommand(prefixCommand(command, prefix))), line);
  });
}

confine('an empty prefix changes no key', () => {
  const command: Command = { verb: 'touch', key: 'a', expire: 1, noreply: true };
  assert.is(text(encodeCommand(prefixCommand(command, fromLatin1('')))), 'touch a 1\r\n');
});

confine('a key that is too long with its prefix is refused', () => {
  const command: Command = { verb: 'get', keys: ['k'.repeat(247)] };
  assert.throws(() => prefixCommand(command, prefix), (error: unknown) => {
    return error instanceof UsageError && error.argument === 'key';
  });
});

confine('values come back under the keys that were asked for', () => {
  const item = { key: 'app:a', flags: 0, value: fromLatin1('1'), cas: undefined };
  const reply = unprefixReply({ type: 'values', items: [item] }, get, prefix);
  assert.is(text(encodeReply(reply)), 'VALUE a 0 1\r\n1\r\nEND\r\n');
});

confine('a meta reply names the key as it was asked for', () => {
  const flags = ['kYXBwOgA=', 'b'];
  const reply = unprefixReply({ type: 'HD', flags }, binary, prefix);
  assert.equal(reply, { type: 'HD', flags: ['kAA==', 'b'] });
});

confine('an mg that touches, marks or wins an item is a write', () => {
  const classes = ['v', 'k', 'T30', 'N30', 'R30', 'E9'].map((flag) =>
    classOf({ verb: 'mg', key: 'a', base64: false, flags: ['f', flag] })
  );
  assert.equal(classes, ['read', 'read', 'write', 'write', 'write', 'write']);
  assert.is(classOf({ verb: 'gat', expire: 1, keys: ['a'] }), 'write');
  assert.is(classOf({ verb: 'stats', words: [] }), 'admin');
});

confine.run();
