// The law: the table of verbs says what protocol.md says, and the codecs do what the table says.
import * as assert from 'uvu/assert';
import { bytes } from '../../conformance/assert.ts';
import { commandVectors } from '../../conformance/vectors/commands.ts';
import { suite } from '../../test/runner/suite.ts';
import type { Command } from './command.ts';
import { ReplyDecoder } from './decode-reply.ts';
import { ProtocolError } from './errors.ts';
import { verbNotes } from './verb-notes.ts';
import { type StatusWord, type Verb, type VerbRow, verbs } from './verbs.ts';

const table = suite('the table of verbs');
const all = Object.keys(verbs) as Verb[];

const where = (is: (row: VerbRow) => boolean): string =>
  all.filter((verb) => is(verbs[verb])).join(', ');

table('noreply is known to the verbs that servers know it for', () =>
  assert.is(
    where((row) => row.quiet === 'noreply'),
    'set, add, replace, append, prepend, cas, delete, incr, decr, touch, verbosity, flush_all, ' +
      'cache_memlimit',
  ));

table('q is known to the meta verbs, and leaves out what they nominally answer', () => {
  assert.is(where((row) => row.quiet === 'q'), 'mg, ms, md, ma');
  assert.equal(verbs.mg.nominal, ['EN']);
  assert.equal(verbs.ms.nominal, ['HD']);
  assert.equal(verbs.md.nominal, ['HD']);
  assert.equal(verbs.ma.nominal, ['HD', 'VA']);
  assert.is(where((row) => row.nominal.length > 0), 'mg, ms, md, ma');
});

table('the meta commands', () =>
  assert.is(
    where((row) => row.meta),
    'mg, ms, md, ma, mn, me',
  ));

table('what has no effect without the item, and says so', () =>
  assert.is(
    where((row) => row.needsItem),
    'get, gets, gat, gats, cas, delete, incr, decr, touch, mg, md, ma, me',
  ));

table('how a connection begins and ends', () => {
  assert.is(where((row) => row.login), 'auth');
  assert.is(where((row) => row.final), 'quit');
});

table('a data block follows the verbs that store one', () =>
  assert.is(
    where((row) => row.data),
    'set, add, replace, append, prepend, cas, ms, auth',
  ));

table(
  'CLIENT_ERROR may speak of the value where arithmetic is done',
  () => assert.is(where((row) => row.clientErrorKeepsConnection), 'incr, decr, ma'),
);

table(
  'what may not be pipelined, is not',
  () =>
    assert.is(
      where((row) => row.exclusive),
      'lru_crawler metadump, lru_crawler mgdump, watch, auth',
    ),
);

table('what may be sent again when its fate is unknown', () =>
  assert.is(
    where((row) => row.class !== 'admin' && row.idempotent),
    'get, gets, gat, gats, set, replace, delete, touch, mg, md, mn, me, version, quit, config get',
  ));

table('what writes, counts as a write', () =>
  assert.is(
    where((row) => row.class === 'write'),
    'gat, gats, set, add, replace, append, prepend, cas, delete, incr, decr, touch, ms, md, ma',
  ));

table('the versions that brought them', () => {
  const since = (version: string): string =>
    all.filter((verb) => verbNotes[verb].since === version).join(', ');
  assert.is(since('1.2.4'), 'gets, append, prepend, cas');
  assert.is(since('1.4.8'), 'touch');
  assert.is(since('1.5.3'), 'gat, gats');
  assert.is(since('1.5.15'), 'auth');
  assert.is(since('1.6.0'), 'mg, ms, md, ma, mn, me');
  assert.is(since('1.6.19'), 'lru_crawler mgdump');
});

for (const verb of all) {
  const row = verbs[verb];
  const commands = commandVectors.map(({ command }) => command)
    .filter((command) => command.verb === verb);

  table(`${verb}: commands have the fields that the row speaks of`, () => {
    assert.ok(commands.length > 0);
    for (const command of commands) {
      const keys = 'keys' in command ? 'many' : 'key' in command ? 'one' : 'none';
      const quiet = 'noreply' in command ? 'noreply' : 'flags' in command && verb.length === 2;
      assert.is(keys, row.keys);
      if (verb !== 'raw' && verb !== 'auth') assert.is('value' in command, row.data);
      if (quiet === 'noreply') assert.is(row.quiet, 'noreply');
      else assert.is(quiet === true, row.quiet === 'q');
    }
  });

  table(`${verb}: is answered with the words of its row, and with no other`, () => {
    const words: StatusWord[] = [
      'STORED',
      'NOT_STORED',
      'EXISTS',
      'NOT_FOUND',
      'DELETED',
      'TOUCHED',
      'OK',
      'RESET',
      'MN',
    ];
    const [command] = commands;
    if (command === undefined || !['status', 'number', 'stats'].includes(row.reply)) return;
    for (const word of words) {
      assert.is(reads(command, word), row.statuses.includes(word), `${verb}: ${word}`);
    }
  });
}

function reads(command: Command, word: string): boolean {
  const decoder = new ReplyDecoder();
  decoder.push(bytes(`${word}\r\n`));
  try {
    return decoder.next(command)?.type === word;
  } catch (error) {
    if (error instanceof ProtocolError) return false;
    throw error;
  }
}

table.run();
