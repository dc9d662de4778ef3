// Steps that the tests of a cache have in common.
import * as assert from 'uvu/assert';
import { type Load, type Member, Stage, type StageCall, type StagePolicy } from './cache-stage.ts';

/** Three clients and a server. A value is fresh for 8 seconds, and old for 4; a lease lasts for 2. */
export function stageOf(options: Partial<StagePolicy> = {}): Stage {
  return new Stage({ policy: { ttl: 8, grace: 4, lease: 2, jitter: 0, ...options } });
}

/** A call of `fetch` whose first read has been answered. */
export async function fetched(member: Member): Promise<StageCall> {
  const call = await member.fetch();
  await arrive(member);
  return call;
}

/** Delivers what a client has sent, until it sends no more. */
export async function arrive(member: Member): Promise<void> {
  const { stage } = member;
  for (;;) {
    const held = stage.held.find((one) => one.member === member);
    if (held === undefined) return;
    await stage.deliver(held);
  }
}

/** The load of a client. */
export function loadOf(member: Member): Load {
  const load = member.stage.loads.find((one) => one.member === member);
  assert.ok(load, `client ${member.index} does not load`);
  return load;
}

/** The value of a call, and its outcome. */
export const brief = ({ value, end }: StageCall): unknown[] => [value, end?.outcome];
