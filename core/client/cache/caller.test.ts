import * as assert from 'uvu/assert';
import { suite } from '../../../test/runner/suite.ts';
import { CountedSignal, CountingClock, settled, Watched } from '../../../test/support/scripted.ts';
import { AbortError, TimeoutError } from '../../wire/errors.ts';
import { AbortListeners } from '../connection/abort-listeners.ts';
import { Caller, type CallerOptions, LATE } from './caller.ts';

const callers = suite('cache: caller');

class Scene {
  readonly clock = new CountingClock();
  readonly signal = new CountedSignal();
  readonly caller: Caller;

  constructor(options: Partial<CallerOptions> = {}) {
    this.caller = new Caller(this.clock, new AbortListeners(), {
      timeout: 1000,
      left: options.timeout ?? 1000,
      signal: this.signal,
      commandTimeout: 100,
      ...options,
    });
  }

  /** Timers and listeners that a wait has left. */
  get held(): readonly number[] {
    return [this.clock.timers, this.signal.listeners.size];
  }

  async pass(milliseconds: number): Promise<void> {
    this.clock.advance(milliseconds);
    await settled();
  }
}

callers('a command that it waits for has no more time than is left', () => {
  const scene = new Scene();
  const { signal } = scene;
  scene.clock.advance(900);
  assert.equal(scene.caller.options, { signal });
  scene.clock.advance(1);
  assert.equal(scene.caller.options, { signal, timeout: 99 });
  const silent = new Scene({ signal: undefined });
  assert.is(silent.caller.options, undefined);
  silent.clock.advance(950);
  assert.equal(silent.caller.options, { timeout: 50 });
});

callers('what was spent before is gone', () => {
  const scene = new Scene({ left: 30 });
  assert.equal(scene.caller.options?.timeout, 30);
});

callers('it gives up at its deadline, not before', async () => {
  const scene = new Scene();
  const wait = new Watched(scene.caller.wait(new Promise(() => {})));
  assert.equal(scene.held, [1, 1]);
  await scene.pass(999);
  assert.equal([wait.state, scene.caller.isOver], ['pending', false]);
  await scene.pass(1);
  assert.is(wait.brief, 'TimeoutError timeout not-sent');
  assert.match(wait.error?.message ?? '', /no value within 1000 ms/);
  assert.is(scene.caller.isOver, true);
  assert.instance(scene.caller.error, TimeoutError);
  assert.equal(scene.held, [0, 0]);
  const next = new Watched(scene.caller.wait(Promise.resolve('v')));
  await settled();
  assert.is(next.brief, 'TimeoutError timeout not-sent');
});

callers('its signal ends the wait, with the reason', async () => {
  const scene = new Scene();
  const wait = new Watched(scene.caller.wait(new Promise(() => {})));
  const reason = new Error('enough');
  scene.signal.abort(reason);
  await settled();
  assert.instance(wait.error, AbortError);
  assert.equal([wait.brief, wait.error?.cause], ['AbortError aborted not-sent', reason]);
  assert.equal(scene.held, [0, 0]);
  assert.is(scene.caller.isOver, true);
  await scene.pass(2000);
  assert.instance(scene.caller.error, AbortError);
});

callers('a shorter wait ends with LATE; one as long as the deadline with its error', async () => {
  const scene = new Scene();
  const short = new Watched(scene.caller.wait(new Promise(() => {}), 400));
  await scene.pass(399);
  assert.is(short.state, 'pending');
  await scene.pass(1);
  assert.is(short.value, LATE);
  assert.equal(scene.held, [0, 0]);
  const equal = new Watched(scene.caller.wait(new Promise(() => {}), 600));
  await scene.pass(600);
  assert.instance(equal.error, TimeoutError);
});

callers('what the promise settles with passes, and nothing is left', async () => {
  const scene = new Scene();
  assert.is(await scene.caller.wait(Promise.resolve('v')), 'v');
  assert.equal(scene.held, [0, 0]);
  const failed = new Watched(scene.caller.wait(Promise.reject(new TypeError('no'))));
  await settled();
  assert.instance(failed.error, TypeError);
  assert.equal(scene.held, [0, 0]);
});

callers(
  'without a deadline there is no timer, and a long one is as long as timers can be',
  async () => {
    const endless = new Scene({ timeout: Infinity, left: Infinity, signal: undefined });
    assert.is(await endless.caller.wait(Promise.resolve('v')), 'v');
    void endless.caller.wait(new Promise(() => {}));
    assert.is(endless.clock.timers, 0);
    assert.is(endless.caller.isOver, false);
    const times: number[] = [];
    const long = new Scene({ timeout: 2 ** 40, signal: undefined });
    const after = long.clock.after.bind(long.clock);
    long.clock.after = (milliseconds, call) => {
      times.push(milliseconds);
      return after(milliseconds, call);
    };
    void long.caller.wait(new Promise(() => {})).catch(() => {});
    assert.equal(times, [2 ** 31 - 1]);
  },
);

callers.run();
