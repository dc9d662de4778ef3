// Makes a failing run as short as it can be and still fail.
import { type Plan, type Report, runFleet } from './fleet.ts';

/**
 * Tries fewer calls, clients and faults, as long as the run still breaks a law.
 *
 * @param report The run that failed.
 * @param tries How many runs it may take.
 * @returns The shortest one that was found.
 */
export async function shrink(report: Report, tries: number = 200): Promise<Report> {
  let best = report;
  let left = tries;
  const attempt = async (plan: Plan): Promise<boolean> => {
    if (left-- <= 0) return false;
    const next = await runFleet(plan);
    if (next.violations.length === 0) return false;
    best = next;
    return true;
  };
  for (let isShorter = true; isShorter && left > 0;) {
    isShorter = false;
    for (let cut = best.plan.calls >> 1; cut > 0 && left > 0; cut >>= 1) {
      while (cut < best.plan.calls && await attempt(withCalls(best.plan, -cut))) isShorter = true;
    }
    const parts = [
      ['clients', best.clients],
      ['faults', best.faults],
    ] as const;
    for (const [name, count] of parts) {
      const all = best.plan[name] ?? Array.from({ length: count }, (_, i) => i);
      const less = await fewer(
        [...all],
        async (some) => await attempt({ ...best.plan, [name]: some }),
      );
      if (less.length < all.length) isShorter = true;
    }
  }
  return best;
}

function withCalls(plan: Plan, more: number): Plan {
  return { ...plan, calls: plan.calls + more };
}

/** Leaves out as many as can be, in halves, quarters and so on. */
async function fewer(
  items: readonly number[],
  isEnough: (some: readonly number[]) => Promise<boolean>,
): Promise<readonly number[]> {
  let kept = items;
  for (let size = kept.length; size > 0; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < kept.length;) {
      const some = [...kept.slice(0, at), ...kept.slice(at + size)];
      if (await isEnough(some)) kept = some;
      else at += size;
    }
  }
  return kept;
}

/** The command that runs a plan again, exactly. */
export function replayLine({ seed, calls, clients, faults, bug }: Plan): string {
  const parts = [`--seed ${seed}`, `--calls ${calls}`];
  if (clients !== undefined) parts.push(`--clients ${list(clients)}`);
  if (faults !== undefined) parts.push(`--faults ${list(faults)}`);
  if (bug !== undefined) parts.push(`--bug ${bug}`);
  return `npm run reliability -- ${parts.join(' ')}`;
}

function list(numbers: readonly number[]): string {
  return numbers.length === 0 ? 'none' : numbers.join();
}
