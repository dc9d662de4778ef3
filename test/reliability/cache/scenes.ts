// The scenes that are explored: three clients, one key, and what may go wrong.
import type { Incident, Scene } from './play.ts';

export interface NamedScene extends Scene {
  readonly name: string;
}

const policy = { ttl: 8, grace: 4, lease: 2, jitter: 0 };
const once = ['fetch'] as const;
const twice = ['fetch', 'fetch'] as const;

/** Scenes of a second or less each, which are explored whole. */
export const shortScenes: readonly NamedScene[] = [
  {
    name: 'a cold key, invalidated',
    ...{ policy, beginning: 'empty', scripts: [once, once, ['invalidate', 'fetch']] },
    incidents: {},
  },
  {
    name: 'a cold key, deleted; the server starts again',
    ...{ policy, beginning: 'empty', scripts: [once, once, ['remove']] },
    incidents: { restart: 1 },
  },
  {
    name: 'a cold key, deleted; it gets another server',
    ...{ policy, beginning: 'empty', scripts: [once, once, ['remove']] },
    incidents: { move: 1 },
  },
  {
    name: 'a cold key; its winner dies',
    ...{ policy, beginning: 'empty', scripts: [once, once] },
    incidents: { almost: 1, crash: 1 },
  },
  {
    name: 'an old value, written; the loader fails, the item is evicted',
    ...{ policy, beginning: 'old', scripts: [once, ['put'], once] },
    incidents: { evict: 1, throw: 1 },
  },
  {
    name: 'an old value; its winner dies, and its lease is taken over',
    ...{ policy: { ...policy, grace: 20 }, beginning: 'old', scripts: [once, twice] },
    incidents: { crash: 1, lease: 1 },
  },
  {
    name: 'an old value whose readers come late',
    ...{ policy, beginning: 'old', scripts: [once, once, once] },
    incidents: { lease: 1 },
  },
  {
    name: 'a fresh value, and calls that want a fresher one',
    ...{ policy, beginning: 'fresh', scripts: [['fresh'], once, ['fresh']] },
    incidents: {},
  },
  {
    name: 'a value that is loaded ahead, and invalidated',
    policy: { ...policy, refreshAhead: 7 },
    ...{ beginning: 'aged', scripts: [once, once, ['invalidate', 'fetch']] },
    incidents: { throw: 1 },
  },
  {
    name: 'an invalidated value, deleted; a reply is lost',
    ...{ policy, beginning: 'invalidated', scripts: [once, ['remove', 'fetch']] },
    incidents: { lose: 1, grace: 1 },
  },
  ...(['cut', 'lose', 'evict'] as const).map((incident): NamedScene => ({
    name: `calls that share loads, and a deletion; ${incident}`,
    ...{ policy, beginning: 'empty', scripts: [twice, ['remove']], parallel: true },
    incidents: { [incident]: 1 },
  })),
  {
    name: 'calls that share a load without a lease, and a deletion',
    policy: { ...policy, lease: 9, wait: 1000 },
    ...{ beginning: 'empty', scripts: [twice, ['remove']], parallel: true },
    incidents: { lease: 1 },
  },
  {
    name: 'in text: a cold key, deleted',
    policy: { ...policy, grace: 0 },
    ...{ text: true, beginning: 'empty', scripts: [once, ['remove'], once] },
    incidents: {},
  },
];

const more: Partial<Record<Incident, number>> = { lose: 1, crash: 1, throw: 1, tick: 1 };

/** The same with more that goes wrong, and longer scripts: some minutes each. */
export const longScenes: readonly NamedScene[] = shortScenes.flatMap((scene): NamedScene[] => [
  { ...scene, name: `${scene.name}; and more`, incidents: { ...more, ...scene.incidents } },
]);
