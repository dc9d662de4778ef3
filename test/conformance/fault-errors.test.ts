import * as assert from 'uvu/assert';
import { EagerClock } from '../support/eager-clock.ts';
import { naiveClient, type NaiveFlaw } from '../support/naive-client.ts';
import { uniqueKey } from '../support/cases.ts';
import { suite } from '../runner/suite.ts';
import { type Consequence, faultCases, FaultError, runCases } from '../../conformance/mod.ts';

// Clients that do what clients in use have done: each must fail, and for the right reason.

/** How a client with this flaw fails these cases. */
const flaws: Readonly<Record<NaiveFlaw, Readonly<Record<string, Consequence>>>> = {
  'none but these': {
    'gets: a reply is left out': 'wrong value',
    'gets: two replies are swapped': 'wrong value',
    'gets: the connection is closed within a value': 'wrong value',
    'gets: the server answers with a word that is no reply': 'wrong result',
    'writes: two replies to writes are swapped': 'wrong result',
    'writes: the server answers with an empty line': 'wrong result',
    'a STORED that nobody asked for begins each new connection': 'wrong result',
    'a key with commands in it and a value of commands': 'run',
    'a key of 251 bytes and a value of commands': 'run',
    'a number with commands in it': 'run',
    'an idle connection falls silent': 'not recovered',
    'the call after one that was late has another connection': 'not recovered',
  },
  'no end': {
    'gets: the connection is closed before a reply': 'hung',
    'gets: the connection falls silent within a value': 'hung',
    'getMany: the connection is reset within a value': 'hung',
    'writes: the connection is reset within the line of a reply': 'hung',
    'a server that reads nothing fails all calls in time': 'hung',
  },
  'no dial': {
    'an idle connection is reset': 'not recovered',
    'a server starts again without its items': 'not recovered',
  },
  'many dials': {
    'a server that is down is not stormed with connections': 'too many connections',
    'many calls at once are all answered, over few connections': 'too many connections',
  },
};

const errors = suite('the errors of fault cases: naive clients');

for (const [flaw, expected] of Object.entries(flaws)) {
  errors(`flaws: ${flaw}`, async () => {
    const clock = new EagerClock();
    const cases = faultCases.filter(({ name }) => Object.hasOwn(expected, name));
    const { failed } = await runCases(cases, () => ({
      createFor: (accept, { timeout = 0 }) =>
        naiveClient(accept, clock, timeout, flaw as NaiveFlaw),
      unique: uniqueKey,
      clock,
    }), { has: () => true });
    const found = failed.map(({ name, error }) => [
      name,
      error instanceof FaultError ? error.consequence : error.message,
    ]);
    assert.equal(Object.fromEntries(found), expected);
  });
}

errors.run();
