// Fault cases: replies that are cut, late, lost, wrong, or not the client's.
import { CaseError, ok, show } from '../assert.ts';
import type { Case } from '../case.ts';
import {
  atFault,
  type Ended,
  type FaultContext,
  FaultError,
  type FaultScene,
} from './fault-case.ts';
import { type ReplyFault, replyFaults } from './reply-faults.ts';

/** More than any client has connections, so that two replies are of one of them. */
const KEYS = 16;

/** The calls that are judged, by the laws that hold for them. */
const calls: Readonly<
  Record<ReplyFault['of'][number], {
    readonly needs: readonly string[];
    readonly run: (scene: FaultScene, fault: ReplyFault) => Promise<void>;
  }>
> = {
  gets: {
    needs: [],
    async run(scene, fault) {
      const keys = await storeMany(scene);
      scene.server.fail(fault, 1);
      const ended = await Promise.all(
        keys.map((key) => scene.ends(`get ${key}`, scene.client.get(key))),
      );
      for (const [i, key] of keys.entries()) harmless(fault, scene.isOwn(key, ended[i]!));
      // What is left on the connection goes to the calls that come after.
      for (const key of keys.slice(0, 4).toReversed()) harmless(fault, await scene.reads(key));
      await scene.recovers(keys[1]!);
      await scene.storesAgain(keys[0]!, 'again');
    },
  },
  writes: {
    needs: ['incr'],
    run: judgeWrites,
  },
  getMany: {
    needs: ['getMany'],
    async run(scene, fault) {
      const keys = await storeMany(scene);
      scene.server.fail(fault, 1);
      const other = scene.client.getMany(keys.slice(8));
      await scene.readsMany(keys);
      await scene.ends('getMany', other);
      await scene.readsMany(keys.toReversed());
      for (const key of keys.slice(0, 4)) await scene.reads(key);
      await scene.recovers(keys[1]!);
    },
  },
};

/** Requirements on a client whose server sends something else than the replies. */
export const replyCases: readonly Case<FaultContext>[] = replyFaults.flatMap((fault) =>
  fault.of.map((name) =>
    atFault(
      `${name}: ${fault.name}`,
      [...calls[name].needs, ...(fault.needs ?? [])],
      async (scene) => {
        await calls[name].run(scene, fault);
        ok(scene.server.struck > 0, 'the fault must happen');
      },
    )
  )
);

async function judgeWrites(scene: FaultScene, fault: ReplyFault): Promise<void> {
  const { client, key, server } = scene;
  const [count, text, gone, other] = ['n', 't', 'd', 'o'].map((name) => `${key}${name}`) as [
    string,
    string,
    string,
    string,
  ];
  await scene.store(count, '5');
  await scene.store(text, 'old');
  await scene.store(gone, 'x');
  await scene.store(other, `value of ${other}`);
  server.fail(fault, 1);
  const [counted, stored, removed, read] = await Promise.all([
    scene.ends('incr', client.incr(count)),
    scene.ends('set', client.set(text, 'new')),
    scene.ends('delete', client.delete(gone)),
    scene.ends('get', client.get(other)),
  ]);
  scene.isOwn(other, read);
  if ('value' in counted && counted.value !== 6n) wrong('incr of 5', counted);
  if ('value' in stored && !stored.value) wrong('set', stored);
  await scene.tellsTheTruth('incr', count, counted, '5', '6');
  await scene.tellsTheTruth('set', text, stored, 'old', 'new');
  await scene.tellsTheTruth('delete', gone, removed, 'x', undefined);
  for (const ended of [counted, stored, read]) harmless(fault, 'value' in ended);
  scene.allow(count, '6');
  scene.allow(text, 'new');
  await scene.reads(count);
  await scene.reads(text);
  await scene.recovers(other);
  await scene.storesAgain(text, 'again');
}

async function storeMany(scene: FaultScene): Promise<string[]> {
  const keys = Array.from({ length: KEYS }, (_, i) => `${scene.key}${i}`);
  for (const key of keys) await scene.store(key, `value of ${key}, which is not short`);
  return keys;
}

function harmless({ isHarmless }: ReplyFault, worked: boolean): void {
  if (isHarmless === true && !worked) throw new CaseError('a call fails that must work');
}

function wrong(what: string, ended: Ended<unknown>): never {
  throw new FaultError('wrong result', `${what} gave ${show(ended)}`);
}
