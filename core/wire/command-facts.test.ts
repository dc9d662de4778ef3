import * as assert from 'uvu/assert';
import { suite } from '../../test/runner/suite.ts';
import type { Command } from './command.ts';
import { isIdempotent } from './command-facts.ts';

const idempotent = suite('what may be done twice');

const meta = (verb: 'mg' | 'md' | 'ma', ...flags: string[]): Command => ({
  verb,
  key: 'k',
  base64: false,
  flags,
});
const ms = (...flags: string[]): Command => ({
  verb: 'ms',
  key: 'k',
  base64: false,
  value: 'v',
  flags,
});
const store = (verb: 'set' | 'add' | 'replace' | 'append' | 'prepend'): Command => ({
  verb,
  key: 'k',
  flags: 0,
  expire: 0,
  value: 'v',
  noreply: false,
});

const may: readonly Command[] = [
  { verb: 'get', keys: ['k'] },
  { verb: 'gat', keys: ['k'], expire: 5 },
  { verb: 'delete', key: 'k', noreply: false },
  { verb: 'touch', key: 'k', expire: 5, noreply: false },
  { verb: 'version' },
  store('set'),
  store('replace'),
  meta('mg', 'v', 'f'),
  meta('mg', 'v', 'T30'),
  meta('mg', 'v', 'C5'),
  meta('md'),
  meta('md', 'I', 'T30'),
  ms('T0', 'F16'),
  ms('MS'),
  ms('MR'),
  ms('Mr'),
];

const mayNot: readonly Command[] = [
  { verb: 'incr', key: 'k', delta: 1n, noreply: false },
  { verb: 'cas', key: 'k', flags: 0, expire: 0, value: 'v', cas: 1n, noreply: false },
  { verb: 'raw', line: 'get k', value: null, reply: 'values' },
  { verb: 'shutdown', graceful: false },
  store('add'),
  store('append'),
  store('prepend'),
  meta('mg', 'v', 'N30'),
  meta('mg', 'v', 'R30'),
  meta('md', 'C5'),
  meta('ma', 'v', 'D1'),
  ms('ME'),
  ms('MA'),
  ms('MP'),
  ms('C5'),
  ms('I', 'C5'),
];

const show = (command: Command): string =>
  [command.verb, ...('flags' in command && Array.isArray(command.flags) ? command.flags : [])]
    .join(' ');

for (const command of may) {
  idempotent(`${show(command)} may`, () => assert.ok(isIdempotent(command)));
}
for (const command of mayNot) {
  idempotent(`${show(command)} may not`, () => assert.not(isIdempotent(command)));
}

idempotent.run();
