import * as assert from 'uvu/assert';
import { suite } from '../../../test/runner/suite.ts';
import { settled, TurnClock, Watched } from '../../../test/support/scripted.ts';
import { type Aborter, newAborter, type RuntimeSignal } from '../../io/transport.ts';
import { ConnectionError, UsageError } from '../../wire/errors.ts';
import { Gate, type Loaders, Loads } from './loads.ts';
import type { LoadContext } from './policy.ts';

const loading = suite('cache: loads');

class Scene {
  readonly clock = new TurnClock();
  readonly asked: (readonly string[])[] = [];
  readonly single: string[] = [];
  readonly aborters: Aborter[] = [];
  signal: RuntimeSignal | undefined;
  /** What loadMany returns instead of a value for each id. */
  result: (() => unknown) | null = null;
  readonly loads: Loads<string, string>;

  constructor(loaders: Loaders<string, string> = {}) {
    this.loads = new Loads({
      loadMany: (ids, { signal }) => {
        this.asked.push(ids);
        this.signal = signal;
        const all = new Map(ids.map((id) => [id, `v${id}`]));
        return this.result === null ? all : this.result() as typeof all;
      },
      ...loaders,
    }, this.clock);
  }

  context(): LoadContext<unknown> {
    const aborter = newAborter();
    this.aborters.push(aborter);
    return { key: 'k', old: undefined, signal: aborter.signal, reason: 'cold', ttl: () => {} };
  }

  load(id: string, from: Pick<Loads<string, string>, 'load'> = this.loads): Watched<unknown> {
    return new Watched(from.load(id, this.context()));
  }

  async turn(): Promise<void> {
    this.clock.turn();
    await settled();
  }
}

const one = (load: (id: string) => string | Promise<string>): Loaders<string, string> => ({
  load,
  loadMany: undefined,
});

loading('without loadMany each is loaded at once; what the loader throws rejects', async () => {
  const scene = new Scene(one((id) => {
    if (id === 'x') throw new TypeError('the source fails');
    return id;
  }));
  const [found, failed] = [scene.load('a'), scene.load('x')];
  await settled();
  assert.is(found.value, 'a');
  assert.instance(failed.error, TypeError);
  assert.is(scene.clock.turns.length, 0);
  assert.is(scene.loads.together(2), scene.loads);
});

loading(
  'the loads of a turn share a call; an id is asked for once, those of later another',
  async () => {
    const scene = new Scene();
    const calls = ['a', 'b', 'a'].map((id) => scene.load(id));
    assert.is(scene.clock.turns.length, 1);
    assert.equal(scene.asked, []);
    await scene.turn();
    assert.equal(scene.asked, [['a', 'b']]);
    assert.equal(calls.map(({ value }) => value), ['va', 'vb', 'va']);
    const later = scene.load('c');
    await scene.turn();
    assert.equal([scene.asked.at(-1), later.value], [['c'], 'vc']);
  },
);

loading('one load alone goes to load, if there is one; several go to loadMany', async () => {
  const scene = new Scene({
    load(id) {
      scene.single.push(id);
      if (id === 'x') throw new TypeError('the source fails');
      return `alone ${id}`;
    },
  });
  const alone = scene.load('a');
  await scene.turn();
  const failed = scene.load('x');
  await scene.turn();
  const both = [scene.load('a'), scene.load('b')];
  await scene.turn();
  assert.equal([alone.value, ...both.map(({ value }) => value)], ['alone a', 'va', 'vb']);
  assert.instance(failed.error, TypeError);
  assert.equal([scene.single, scene.asked], [['a', 'x'], [['a', 'b']]]);
});

loading('what is no Map, or fails, rejects all of the call', async () => {
  const fails = (): unknown => Promise.reject(new TypeError('the source fails'));
  for (const [result, kind] of [[() => ({}), UsageError], [fails, TypeError]] as const) {
    const scene = new Scene();
    scene.result = result;
    const calls = [scene.load('a'), scene.load('b')];
    await scene.turn();
    for (const { error } of calls) {
      assert.instance(error, kind);
      if (error instanceof UsageError) assert.is(error.argument, 'loadMany');
    }
  }
});

loading('the signal of a call of loadMany is aborted with that of its last load', async () => {
  const scene = new Scene();
  for (const id of ['a', 'b', 'c']) scene.load(id);
  scene.aborters[0]?.abort(undefined);
  await scene.turn();
  assert.is(scene.signal?.aborted, false);
  scene.aborters[1]?.abort(undefined);
  assert.is(scene.signal?.aborted, false);
  scene.aborters[2]?.abort(undefined);
  assert.is(scene.signal?.aborted, true);
});

loading('calls made together share a call of loadMany once all have decided', async () => {
  const scene = new Scene();
  const together = scene.loads.together(3);
  const calls = [scene.load('a', together), scene.load('b', together)];
  together.decided!();
  together.decided!();
  await scene.turn();
  assert.equal(scene.asked, []);
  together.decided!();
  // One that decides to load does so in the same turn.
  calls.push(scene.load('c', together));
  await scene.turn();
  assert.equal(scene.asked, [['a', 'b', 'c']]);
  assert.equal(calls.map(({ value }) => value), ['va', 'vb', 'vc']);
  assert.is(scene.clock.timers, 0);
});

loading(
  'calls made together wait 50 ms for the others; what is later goes its own way',
  async () => {
    const scene = new Scene();
    const together = scene.loads.together(3);
    const first = scene.load('a', together);
    scene.clock.advance(49);
    const second = scene.load('b', together);
    assert.is(scene.clock.timers, 1, 'the patience is that of the first');
    await scene.turn();
    assert.equal(scene.asked, []);
    scene.clock.advance(1);
    await settled();
    assert.equal([scene.asked, first.value, second.value], [[['a', 'b']], 'va', 'vb']);
    const late = scene.load('c', together);
    assert.is(scene.clock.timers, 0);
    for (let i = 0; i < 3; i++) together.decided!();
    assert.is(scene.clock.turns.length, 1, 'that of the late load alone');
    await scene.turn();
    assert.is(late.value, 'vc');
  },
);

loading('one that loads of calls made together calls the loader too', async () => {
  const scene = new Scene();
  const together = scene.loads.together(2);
  const call = scene.load('a', together);
  together.decided?.();
  together.decided?.();
  await scene.turn();
  assert.equal([scene.asked, call.value], [[['a']], 'va']);
});

loading('calls made together of which none loads call no loader', async () => {
  const scene = new Scene();
  const together = scene.loads.together(1);
  together.decided!();
  await scene.turn();
  assert.equal(scene.asked, []);
  assert.is(scene.clock.timers, 0);
});

loading('a gate lets so many in, and one more when one has left', () => {
  const gate = new Gate();
  gate.enter(2);
  gate.enter(2);
  for (let i = 0; i < 2; i++) {
    assert.throws(() => gate.enter(2), (error: unknown) => {
      assert.instance(error, ConnectionError);
      const { code, outcome, message } = error as ConnectionError;
      assert.equal([code, outcome], ['overloaded', 'not-sent']);
      assert.match(message, /^the cache does not answer, and 2 loads are running without it/);
      return true;
    });
  }
  gate.leave();
  gate.enter(2);
  assert.throws(() => gate.enter(2));
});

loading.run();
