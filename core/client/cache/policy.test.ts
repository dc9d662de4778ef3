import * as assert from 'uvu/assert';
import { suite } from '../../../test/runner/suite.ts';
import { UsageError } from '../../wire/errors.ts';
import {
  checkLoader,
  type FetchPolicy,
  freshSeconds,
  type PolicySettings,
  readCachePolicy,
  readPolicy,
} from './policy.ts';

const policies = suite('cache: policy');

const MONTH = 30 * 24 * 60 * 60;
const minimal = { ttl: 2 * MONTH } as const;

type Bounds = readonly [
  option: string,
  good: readonly unknown[],
  bad: readonly unknown[],
  rule: RegExp,
];

// Each bound, and the first value beyond it.
const bounds: readonly Bounds[] = [
  [
    'ttl',
    [1, 2 ** 53 - 1, Infinity, () => 1],
    [0, 1.5, 2 ** 53, -1, NaN, '1', null],
    /^must be a number of seconds, 1 or more, or a function that returns it$/,
  ],
  [
    'grace',
    [0, MONTH - 1],
    [-1, 0.5, MONTH + 1, Infinity, '1'],
    /^must be a whole number of seconds, from 0 to 30 days$/,
  ],
  [
    'refreshAhead',
    [0, MONTH - 1],
    [-1, 0.5, MONTH + 1, Infinity, '1'],
    /^must be a whole number of seconds, from 0 to 30 days$/,
  ],
  [
    'negativeTtl',
    [0, 1, MONTH],
    [-1, 0.5, MONTH + 1, Infinity, '1'],
    /^must be a whole number of seconds, from 0 to 30 days$/,
  ],
  [
    'lease',
    [1, MONTH],
    [0, 1.5, MONTH + 1, Infinity, '1'],
    /^must be a whole number of seconds, from 1 to 30 days$/,
  ],
  ['wait', [0, 0.5, Infinity], [-1, NaN, '1'], /^must be a number of milliseconds, 0 or more$/],
  [
    'softTimeout',
    [0, 0.5, Infinity],
    [-1, NaN, '1'],
    /^must be a number of milliseconds, 0 or more$/,
  ],
  [
    'errorBackoff',
    [0, 0.5, MONTH],
    [-1, MONTH + 1, NaN, '1'],
    /^must be a number of seconds, from 0 to 30 days$/,
  ],
  ['jitter', [0, 0.999], [1, -0.1, NaN, '0'], /^must be a number from 0 to less than 1$/],
  ['onWaited', ['load', 'reject'], ['', 'wait', true], /^must be 'load' or 'reject'$/],
  ['local', [{ maxItems: 1, ttl: 1e-3 }], [null, 5, true], /^must be an object$/],
  ['failOpen', [{ concurrency: 1 }], [null, 5, true], /^must be an object$/],
];

for (const [option, good, bad, rule] of bounds) {
  policies(`${option}: its bounds`, () => {
    for (const value of good) {
      const settings = readPolicy({ ...minimal, [option]: value });
      assert.is(settings[option as keyof PolicySettings], value);
    }
    for (const value of bad) refused({ ...minimal, [option]: value }, option, rule);
  });
}

policies('the options within an option have bounds too', () => {
  const count = /^must be a whole number, more than 0$/;
  refused({ ...minimal, local: { maxItems: 0, ttl: 1 } }, 'local.maxItems', count);
  refused({ ...minimal, failOpen: { concurrency: 0 } }, 'failOpen.concurrency', count);
  for (const ttl of [0, -1, NaN, '1']) {
    const rule = /^must be a number of seconds, more than 0$/;
    refused({ ...minimal, local: { maxItems: 1, ttl } }, 'local.ttl', rule);
  }
  refused(
    { ...minimal, local: { maxItems: 1, ttl: 1, size: 1 } },
    'local.size',
    /maxItems, ttl$/,
  );
  refused({ ...minimal, failOpen: { concurrency: 1, size: 1 } }, 'failOpen.size', /concurrency$/);
});

policies('options that contradict each other', () => {
  const month = /^and refreshAhead must be under 30 days$/;
  readPolicy({ ...minimal, grace: MONTH - 2, refreshAhead: 1 });
  refused({ ...minimal, grace: MONTH - 1, refreshAhead: 1 }, 'grace', month);
  readPolicy({ ttl: 10, refreshAhead: 9 });
  refused({ ttl: 10, refreshAhead: 10 }, 'refreshAhead', /^must be less than ttl$/);
  readPolicy({ ttl: () => 1, refreshAhead: 10 });
  readPolicy({ ttl: 10, refreshAhead: 4, negativeTtl: 5 });
  readPolicy({ ttl: 10, refreshAhead: 5, negativeTtl: 0 });
  refused(
    { ttl: 10, refreshAhead: 5, negativeTtl: 5 },
    'negativeTtl',
    /^must be more than refreshAhead, or 0$/,
  );
});

policies('the defaults are those that the comments state', () => {
  assert.equal(readPolicy({ ttl: 5 }), {
    ttl: 5,
    grace: 0,
    refreshAhead: 0,
    lease: 10,
    wait: 5000,
    onWaited: 'load',
    softTimeout: 100,
    negativeTtl: 0,
    errorBackoff: 1,
    jitter: 0.1,
    local: undefined,
    failOpen: { concurrency: 64 },
  });
  refused({}, 'ttl', /^must be given$/);
  refused(null as never, 'policy', /^must be an object$/);
});

policies('a cache needs a key and a loader', () => {
  const key = (id: string): string => id;
  const load = (): string => 'v';
  const wrong: readonly (readonly [policy: object | null, argument: string, rule: RegExp])[] = [
    [null, 'policy', /^must be an object$/],
    [{ load, ttl: 1 }, 'key', /^must be a function of an id$/],
    [{ key, ttl: 1 }, 'load', /^or loadMany must be given$/],
    [{ key, load: 'v', ttl: 1 }, 'load', /^must be a function$/],
    [{ key, load, loadMany: 'v', ttl: 1 }, 'loadMany', /^must be a function$/],
  ];
  for (const [policy, argument, rule] of wrong) {
    throwsUsage(() => readCachePolicy(policy as never), argument, rule);
  }
  for (const loaders of [{ load }, { loadMany: () => new Map() }, { load, loadMany: undefined }]) {
    assert.is(readCachePolicy({ key, ttl: 7, ...loaders }).ttl, 7);
  }
  throwsUsage(() => checkLoader('v'), 'load', /^must be a function$/);
  assert.is(checkLoader(load), load);
});

policies('the seconds of a value: longer or shorter by the jitter, and whole', () => {
  const cases: readonly (readonly [ttl: number, jitter: number, random: number, fresh: number])[] =
    [
      [100, 0.1, 0, 90],
      [100, 0.1, 0.5, 100],
      [100, 0.1, 1, 110],
      [100, 0, 1, 100],
      [1, 0.9, 0, 1],
      [0.2, 0, 0, 1],
      [2.5, 0, 0, 3],
      [0, 0.5, 0, 0],
      [Infinity, 0.5, 0, Infinity],
    ];
  for (const [ttl, jitter, random, fresh] of cases) {
    assert.is(freshSeconds(ttl, jitter, () => random), fresh, `${ttl} ${jitter} ${random}`);
  }
  for (const ttl of [-1, NaN, '5', undefined, null]) {
    throwsUsage(
      () => freshSeconds(ttl, 0, () => 0),
      'ttl',
      /^must be a number of seconds, 0 or more$/,
    );
  }
});

function refused(policy: object, argument: string, rule: RegExp): void {
  throwsUsage(() => readPolicy(policy as FetchPolicy<string>), argument, rule);
}

function throwsUsage(run: () => unknown, argument: string, rule: RegExp): void {
  try {
    run();
  } catch (error) {
    assert.instance(error, UsageError);
    assert.is((error as UsageError).argument, argument);
    assert.match((error as UsageError).rule, rule);
    return;
  }
  throw new Error(`${argument} is not refused`);
}

policies.run();
