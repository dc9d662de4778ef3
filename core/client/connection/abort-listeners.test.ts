import * as assert from 'uvu/assert';
import { CountedSignal, CountingClock, settled, Watched } from '../../../test/support/scripted.ts';
import { suite } from '../../../test/runner/suite.ts';
import { ConnectionError } from '../../wire/errors.ts';
import { Discovery } from '../cluster/discovery/discovery.ts';
import { AbortListeners } from './abort-listeners.ts';
import type { Executor } from './executor.ts';
import { HashClient } from '../cluster/hash-client.ts';
import { Retrying } from '../wrappers/retrying.ts';

const aborts = suite('many calls under one signal');

const refusing: Executor = {
  execute: () => Promise.reject(new ConnectionError('refused', 'not-sent')),
  close: () => Promise.resolve(),
};

/** Executors whose calls wait, for what the name says. */
const waiting: Readonly<Record<string, (clock: CountingClock) => Executor>> = {
  'another attempt': (clock) => new Retrying(refusing, { clock, delay: 100 }),
  'a list of servers': (clock) => {
    const discovery = new Discovery(() => new Promise(() => {}), { clock });
    return new HashClient(discovery, { clock, dial: () => new Promise(() => {}) });
  },
};

for (const [what, make] of Object.entries(waiting)) {
  aborts(`while they wait for ${what} it is listened to once, and all end with it`, async () => {
    const clock = new CountingClock();
    const executor = make(clock);
    const signals = [new CountedSignal(), new CountedSignal()] as const;
    const calls = [0, 0, 0, 1].map((which) => {
      const signal = signals[which === 0 ? 0 : 1];
      return new Watched(executor.execute({ verb: 'get', keys: ['k'] }, { signal }));
    });
    await settled();
    assert.equal(signals.map(({ listeners }) => listeners.size), [1, 1]);
    signals[0].abort('why');
    await settled();
    const aborted = 'AbortError aborted not-sent';
    assert.equal(calls.map(({ brief }) => brief), [aborted, aborted, aborted, 'pending']);
    assert.equal(signals.map(({ listeners }) => listeners.size), [0, 1]);
    const closed = executor.close();
    await settled();
    // Those that wait for a list have the time that they were given.
    clock.advance(1000);
    await closed;
    await settled();
    assert.equal([signals[1].listeners.size, calls[3]?.state], [0, 'rejected']);
  });
}

aborts('the listener is removed with the last wait, and added anew for another', () => {
  const listeners = new AbortListeners();
  const signal = new CountedSignal();
  const types: string[] = [];
  signal.addEventListener = (type, listener) => {
    types.push(`add ${type}`);
    signal.listeners.add(listener);
  };
  signal.removeEventListener = (type, listener) => {
    types.push(`remove ${type}`);
    signal.listeners.delete(listener);
  };
  const ended: string[] = [];
  const cancels = ['a', 'b'].map((name) => listeners.add(signal, () => ended.push(name)));
  cancels[0]?.();
  cancels[0]?.();
  assert.equal(types, ['add abort']);
  cancels[1]?.();
  assert.equal(types, ['add abort', 'remove abort']);
  listeners.add(signal, () => ended.push('c'));
  assert.equal(types, ['add abort', 'remove abort', 'add abort']);
  signal.abort('why');
  assert.equal(ended, ['c']);
});

aborts.run();
