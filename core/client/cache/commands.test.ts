import * as assert from 'uvu/assert';
import { suite } from '../../../test/runner/suite.ts';
import { KEY } from '../../../test/support/cache-host.ts';
import {
  type Held,
  type Member,
  Stage,
  type StageCall,
  type StagePolicy,
} from '../../../test/support/cache-stage.ts';
import { brief, loadOf } from '../../../test/support/cache-steps.ts';

// What each step says to a server, in both dialects: the flags, the times, and the order.

const commands = suite('cache: commands');

const POLICY = { ttl: 60, grace: 10, refreshAhead: 5, lease: 3, jitter: 0 } as const;

/** What a client has sent, as it arrives. */
function said({ text, command }: Held): string {
  const rest = 'expire' in command ? ` t${command.expire}` : '';
  return `${text}${rest}`.replace(/\w+(\.\w+){2}/, 'TOKEN');
}

interface Scene {
  readonly stage: Stage;
  readonly first: Member;
  readonly second: Member;
  /** Delivers what is on its way, and what follows from it. */
  readonly sent: () => Promise<string[]>;
}

/** The client flags of JSON. */
const JSON_FLAGS = 32;

type Dialect = 'meta' | 'text';

function sceneOf(dialect: Dialect, policy: Partial<StagePolicy> = {}): Scene {
  const stage = new Stage({ policy: { ...POLICY, ...policy }, text: dialect === 'text' });
  const [first, second] = stage.members as [Member, Member];
  const sent = async (): Promise<string[]> => {
    const lines: string[] = [];
    for (let held = stage.held[0]; held !== undefined; held = stage.held[0]) {
      lines.push(said(held));
      await stage.deliver(held);
    }
    return lines;
  };
  return { stage, first, second, sent };
}

interface Step {
  readonly name: string;
  readonly policy?: Partial<StagePolicy>;
  readonly run: (scene: Scene) => Promise<unknown>;
  readonly meta: readonly string[];
  readonly text: readonly string[];
  /** How the call ends that `run` returns: its value, and the outcome of a fetch. */
  readonly ends?: readonly unknown[];
}

const load = async ({ first, sent }: Scene): Promise<void> => {
  await first.fetch();
  await sent();
};
const fill = async (scene: Scene): Promise<void> => {
  await load(scene);
  await loadOf(scene.first).succeed();
  await scene.sent();
};

const steps: readonly Step[] = [
  {
    name: 'fetch of what is missing',
    run: ({ first }) => first.fetch(),
    meta: ['mg v f c t N4 R16 k'],
    text: ['gets k', 'add 67108864 TOKEN k t4', 'gets k'],
  },
  {
    name: 'fetch without grace',
    policy: { grace: 0, refreshAhead: 0 },
    run: ({ first }) => first.fetch(),
    meta: ['mg v f c t N4 k'],
    text: ['gets k', 'add 67108864 TOKEN k t4', 'gets k'],
  },
  {
    name: 'fetch with the longest lease',
    policy: { lease: 30 * 24 * 60 * 60 },
    run: ({ first }) => first.fetch(),
    meta: ['mg v f c t N2592000 R16 k'],
    text: ['gets k', 'add 67108864 TOKEN k t2592000', 'gets k'],
  },
  {
    name: 'a value was loaded',
    async run(scene) {
      await load(scene);
      await loadOf(scene.first).succeed();
    },
    meta: ['ms F16 T70 C1 v1 k'],
    text: ['set 0 fresh k~fresh t55', 'cas 16 v1 1 k t70'],
  },
  {
    name: 'a value was loaded without grace',
    policy: { grace: 0, refreshAhead: 0 },
    async run(scene) {
      await load(scene);
      await loadOf(scene.first).succeed();
    },
    meta: ['ms F16 T60 C1 v1 k'],
    text: ['cas 16 v1 1 k t60'],
  },
  {
    name: 'a value was loaded for ever',
    policy: { ttl: Infinity },
    async run(scene) {
      await load(scene);
      await loadOf(scene.first).succeed();
    },
    meta: ['ms F16 C1 v1 k'],
    text: ['set 0 fresh k~fresh t0', 'cas 16 v1 1 k t0'],
  },
  {
    name: 'a value was loaded for less than the refreshAhead',
    policy: { ttl: () => 2 },
    async run(scene) {
      await load(scene);
      await loadOf(scene.first).succeed();
    },
    meta: ['ms F16 T12 C1 v1 k'],
    text: ['set 0 fresh k~fresh t1', 'cas 16 v1 1 k t12'],
  },
  {
    name: 'a value was loaded that is not to be stored',
    policy: { ttl: () => 0 },
    async run(scene) {
      await load(scene);
      await loadOf(scene.first).succeed();
    },
    meta: ['md C1 k'],
    text: ['cas 0  1 k t2592001'],
  },
  {
    name: 'a load has failed',
    async run(scene) {
      await load(scene);
      await loadOf(scene.first).fail();
    },
    meta: ['md C1 k'],
    text: ['cas 0  1 k t2592001'],
  },
  {
    name: 'a load has failed where there is an old value',
    policy: { errorBackoff: 1.5 },
    async run(scene) {
      await fill(scene);
      await scene.stage.advance(61_000);
      await load(scene);
      await loadOf(scene.first).fail();
    },
    meta: [],
    text: ['set 0 fresh k~fresh t2'],
  },
  {
    name: 'a load has failed where there is an old value, without backoff',
    policy: { errorBackoff: 0 },
    async run(scene) {
      await fill(scene);
      await scene.stage.advance(61_000);
      await load(scene);
      await loadOf(scene.first).fail();
    },
    meta: [],
    text: ['set 0 fresh k~fresh t1'],
  },
  {
    name: 'fetch of an old value',
    async run(scene) {
      await fill(scene);
      await scene.stage.advance(61_000);
      await scene.second.fetch();
    },
    meta: ['mg v f c t N4 R16 k'],
    text: ['gets k', 'gets k~fresh', 'add 0 leased k~fresh t4'],
  },
  {
    name: 'fetch of a fresh value',
    async run(scene) {
      await fill(scene);
      return await scene.second.fetch();
    },
    ends: ['v1', 'hit'],
    meta: ['mg v f c t N4 R16 k'],
    text: ['gets k', 'gets k~fresh'],
  },
  {
    name: 'fetch of a fresh value without grace',
    policy: { grace: 0, refreshAhead: 0 },
    async run(scene) {
      await fill(scene);
      return await scene.second.fetch();
    },
    ends: ['v1', 'hit'],
    meta: ['mg v f c t N4 k'],
    text: ['gets k'],
  },
  {
    name: 'put',
    run: ({ first }) => first.write('put'),
    meta: ['ms F16 T70 v2 k'],
    text: ['set 16 v2 k t70', 'set 0 fresh k~fresh t55'],
  },
  {
    name: 'put without grace',
    policy: { grace: 0, refreshAhead: 0 },
    run: ({ first }) => first.write('put'),
    meta: ['ms F16 T60 v2 k'],
    text: ['set 16 v2 k t60'],
  },
  {
    name: 'put of nothing',
    run: ({ first }) => first.call('put', () => first.cache.put(KEY, undefined)),
    meta: ['md  k'],
    text: ['delete k'],
  },
  {
    name: 'put of nothing with a negativeTtl',
    policy: { negativeTtl: 7 },
    run: ({ first }) => first.call('put', () => first.cache.put(KEY, undefined)),
    meta: ['ms F16777216 T17  k'],
    text: ['set 16777216  k t17', 'set 0 fresh k~fresh t2'],
  },
  {
    name: 'put of an empty value',
    run: ({ first }) => first.call('put', () => first.cache.put(KEY, '')),
    meta: ['ms F16 T70  k'],
    text: ['set 16  k t70', 'set 0 fresh k~fresh t55'],
  },
  {
    name: 'invalidate',
    run: ({ first }) => first.write('invalidate'),
    meta: ['md I T10 k'],
    text: ['delete k'],
  },
  {
    name: 'invalidate without grace',
    policy: { grace: 0 },
    run: ({ first }) => first.write('invalidate'),
    meta: ['md  k'],
    text: ['delete k'],
  },
  {
    name: 'remove',
    run: ({ first }) => first.write('remove'),
    meta: ['md  k'],
    text: ['delete k'],
  },
  {
    name: 'peek',
    run: ({ first }) => first.call('peek', () => first.cache.peek(KEY)),
    meta: ['mg v f c k'],
    text: ['gets k'],
  },
  {
    name: 'update of nothing',
    run: ({ first }) => first.call('update', () => first.cache.update(KEY, () => 'new')),
    meta: ['mg v f c k', 'ms F16 T70 ME new k'],
    text: ['gets k', 'add 16 new k t70', 'set 0 fresh k~fresh t55'],
  },
  {
    name: 'update of a value',
    async run(scene) {
      await fill(scene);
      const { first } = scene;
      await first.call('update', () => first.cache.update(KEY, (old) => `${old} new`));
    },
    meta: ['mg v f c k', 'ms F16 T70 C2 v1 new k'],
    text: ['gets k', 'cas 16 v1 new 3 k t70', 'set 0 fresh k~fresh t55'],
  },
  {
    name: 'update to what is not stored',
    policy: { ttl: (value: string) => value === 'new' ? 0 : 60 },
    async run(scene) {
      await fill(scene);
      const { first } = scene;
      await first.call('update', () => first.cache.update(KEY, () => 'new'));
    },
    meta: ['mg v f c k', 'md  k'],
    text: ['gets k', 'delete k'],
  },
  {
    name: 'update that changes nothing',
    async run(scene) {
      await fill(scene);
      const { first } = scene;
      await first.call('update', () => first.cache.update(KEY, () => undefined));
    },
    meta: ['mg v f c k'],
    text: ['gets k'],
  },
  {
    name: 'fetch with fresh',
    run: ({ first }) => first.fetch({ fresh: true }),
    meta: ['md I T10 k', 'mg v f c t N4 R16 k'],
    text: ['delete k', 'gets k', 'add 67108864 TOKEN k t4', 'gets k'],
  },
  {
    name: 'a lease that is taken over',
    async run({ stage, first, second, sent }) {
      await first.fetch();
      await sent();
      await stage.crash(first);
      await second.fetch();
      await sent();
      // One look after the other, until the lease is over.
      for (let time = 0; time < 2990; time += 10) {
        await stage.advance(10);
        if (time < 2980) await sent();
      }
      while (stage.held.length === 0) await stage.advance(1);
    },
    meta: ['mg v f c t N4 R16 k'],
    text: ['gets k'],
  },
  {
    name: 'an old value whose lease is taken over',
    policy: { errorBackoff: 0 },
    async run(scene) {
      await fill(scene);
      await scene.stage.advance(61_000);
      await load(scene);
      await loadOf(scene.first).fail();
      await scene.sent();
      await scene.first.fetch();
    },
    meta: ['mg v f c t N4 R16 k', 'md I C2 k', 'mg v f c t N4 R16 k'],
    text: ['gets k', 'gets k~fresh'],
  },
  {
    name: 'a value that cannot be read',
    async run({ stage, first }) {
      stage.host.store('{', 100, JSON_FLAGS);
      await first.fetch();
    },
    meta: ['mg v f c t N4 R16 k', 'md I C1 k', 'mg v f c t N4 R16 k'],
    text: ['gets k'],
  },
  {
    name: 'the last caller of a cold load leaves',
    async run({ first, sent }) {
      const aborter = new AbortController();
      await first.fetch({ signal: aborter.signal });
      await sent();
      aborter.abort();
    },
    meta: ['md C1 k'],
    text: ['cas 0  1 k t2592001'],
  },
  {
    name: 'the caller of an old value leaves before the reply',
    async run(scene) {
      await fill(scene);
      await scene.stage.advance(61_000);
      const aborter = new AbortController();
      await scene.first.fetch({ signal: aborter.signal });
      aborter.abort();
    },
    meta: ['mg v f c t N4 R16 k', 'md I C2 k'],
    text: ['gets k', 'gets k~fresh', 'add 0 leased k~fresh t4'],
  },
  {
    name: 'the caller of a fresh value leaves before the reply',
    async run(scene) {
      await fill(scene);
      const aborter = new AbortController();
      await scene.first.fetch({ signal: aborter.signal });
      aborter.abort();
    },
    meta: ['mg v f c t N4 R16 k'],
    text: ['gets k', 'gets k~fresh'],
  },
  {
    name: 'the load of an old value is aborted',
    policy: { softTimeout: 1000, errorBackoff: 2 },
    async run(scene) {
      await fill(scene);
      await scene.stage.advance(61_000);
      const aborter = new AbortController();
      await scene.first.fetch({ signal: aborter.signal });
      await scene.sent();
      aborter.abort();
    },
    meta: [],
    text: ['set 0 fresh k~fresh t2'],
  },
  {
    name: 'peek of what was invalidated',
    async run(scene) {
      await fill(scene);
      await scene.second.write('invalidate');
      await scene.sent();
      await scene.first.call('peek', () => scene.first.cache.peek(KEY));
    },
    meta: ['mg v f c k', 'md I C3 k'],
    text: ['gets k'],
  },
  {
    name: 'update of what was invalidated, that changes nothing',
    async run(scene) {
      await fill(scene);
      await scene.second.write('invalidate');
      await scene.sent();
      const { first } = scene;
      await first.call('update', () => first.cache.update(KEY, () => undefined));
    },
    meta: ['mg v f c k', 'md I C3 k'],
    text: ['gets k'],
  },
  {
    name: 'update of what was invalidated',
    async run(scene) {
      await fill(scene);
      await scene.second.write('invalidate');
      await scene.sent();
      const { first } = scene;
      await first.call('update', () => first.cache.update(KEY, () => 'new'));
    },
    meta: ['mg v f c k', 'ms F16 T70 C3 new k'],
    text: ['gets k', 'add 16 new k t70', 'set 0 fresh k~fresh t55'],
  },
  {
    name: 'fetch with a grace that is as long as the refreshAhead',
    policy: { grace: 5, refreshAhead: 5 },
    async run(scene) {
      await fill(scene);
      return await scene.second.fetch();
    },
    ends: ['v1', 'hit'],
    meta: ['mg v f c t N4 R11 k'],
    text: ['gets k', 'gets k~fresh'],
  },
  {
    name: 'a value was loaded with a grace that is as long as the refreshAhead',
    policy: { grace: 5, refreshAhead: 5 },
    async run(scene) {
      await load(scene);
      await loadOf(scene.first).succeed();
    },
    meta: ['ms F16 T65 C1 v1 k'],
    text: ['set 0 fresh k~fresh t55', 'cas 16 v1 1 k t65'],
  },
  {
    name: 'put of empty bytes',
    run: ({ first }) => first.call('put', () => first.cache.put(KEY, new Uint8Array() as never)),
    meta: ['ms F33554432 T70  k'],
    text: ['set 33554432  k t70', 'set 0 fresh k~fresh t55'],
  },
  {
    name: 'put of a byte',
    run: ({ first }) => first.call('put', () => first.cache.put(KEY, Uint8Array.of(65) as never)),
    meta: ['ms T70 A k'],
    text: ['set 0 A k t70', 'set 0 fresh k~fresh t55'],
  },
  {
    name: 'peek while another loads',
    async run(scene) {
      await load(scene);
      const { second } = scene;
      return await second.call('peek', () => second.cache.peek(KEY));
    },
    ends: [undefined, undefined],
    meta: ['mg v f c k'],
    text: ['gets k'],
  },
  {
    name: 'an old value that a reader of the same moment loads',
    policy: { softTimeout: 0 },
    async run(scene) {
      await fill(scene);
      await scene.stage.advance(61_000);
      await scene.first.fetch();
      return await scene.second.fetch();
    },
    ends: ['v1', 'stale'],
    meta: ['mg v f c t N4 R16 k', 'mg v f c t N4 R16 k'],
    text: [
      'gets k',
      'gets k',
      'gets k~fresh',
      'gets k~fresh',
      'add 0 leased k~fresh t4',
      'add 0 leased k~fresh t4',
    ],
  },
];

for (const step of steps) {
  for (const dialect of ['meta', 'text'] as const) {
    commands(`${dialect}: ${step.name}`, async () => {
      const scene = sceneOf(dialect, step.policy);
      const call = await step.run(scene);
      assert.equal(await scene.sent(), step[dialect]);
      if (step.ends !== undefined) assert.equal(brief(call as StageCall), step.ends);
    });
  }
}

commands.run();
