import * as assert from 'uvu/assert';
import { suite } from '../../test/runner/suite.ts';
import { CommandLine, FlagError, type FlagName } from './flags.ts';

const names: readonly FlagName[] = ['server', 'flags', 'json', 'help'];
const flags = suite('memwire console: flags');

const read: readonly (readonly [args: string[], words: string[], server?: string])[] = [
  [['a', '--server', 'one', 'b'], ['a', 'b'], 'one'],
  [['--server=one=two', 'a'], ['a'], 'one=two'],
  [['--server=', 'a'], ['a'], ''],
  [['-s', 'one', 'a'], ['a'], 'one'],
  [['-sone', 'a'], ['a'], 'one'],
  [['-s', 'one', '-s', 'two'], [], 'two'],
  [['--server', '-1'], [], '-1'],
  [['-', '', '--', '--json', '--', '-s'], ['-', '', '--json', '--', '-s']],
];

for (const [args, words, server] of read) {
  flags(`reads ${JSON.stringify(args)}`, () => {
    const line = new CommandLine(args, names);
    assert.equal([line.words, line.text('server')], [words, server]);
    assert.not(line.has('json'));
  });
}

flags('a flag without a value is on or off', () => {
  const line = new CommandLine(['-h', 'a', '--json'], names);
  assert.equal([line.words, line.has('help'), line.has('json')], [['a'], true, true]);
});

const refused: readonly (readonly [args: string[], why: RegExp])[] = [
  [['--nothing'], /^Unknown option '--nothing'\. Words that start with a dash go after --\.$/],
  [['--constructor'], /^Unknown option '--constructor'/],
  [['--wire'], /^Unknown option '--wire'/],
  [['-x'], /^Unknown option '-x'/],
  [['--server'], /^--server: its value is missing$/],
  [['--json=yes'], /^--json takes no value, and not "yes"$/],
  [['-hs'], /^--help takes no value, and not "s"$/],
];

for (const [args, why] of refused) {
  flags(`refuses ${args.join(' ')}`, () => {
    assert.throws(
      () => new CommandLine(args, names),
      (error: unknown) => error instanceof FlagError && why.test(error.message),
    );
  });
}

flags('a number is whole and in its range', () => {
  assert.is(new CommandLine(['--flags', '7'], names).number('flags'), 7);
  const bad = new CommandLine(['--flags', '-1'], names);
  assert.throws(() => bad.number('flags'), /^--flags: "-1" is not a whole number from 0/);
});

flags.run();
