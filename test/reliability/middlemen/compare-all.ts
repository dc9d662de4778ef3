// Compares the embedded server with memcached: alone, behind the bridge, and behind the example proxy.
import { findProgram, versionOf } from '../../support/memcached.ts';
import { COMMANDS, compare } from '../../support/side-by-side.ts';
import type { FuzzReport } from '../fuzz/run.ts';
import { middlemen } from './middlemen.ts';

/** How many go to the same two servers: in the time for these no item ends but one of a second. */
const PART = 500;

/** Sends so many random sequences each way. */
export async function compareAll(sequences: number, seed: number): Promise<FuzzReport> {
  const program = findProgram('memcached');
  if (program === null) return { figures: [], violations: [] };
  const figures: [string, number][] = [];
  const violations: string[] = [];
  const ways = [['alone', undefined], ...Object.entries(middlemen)] as const;
  for (const [name, middleman] of ways) {
    const version = versionOf(program);
    let differences = 0;
    for (let done = 0; done < sequences; done += PART) {
      const part = { seed: seed + done, sequences: Math.min(PART, sequences - done) };
      const difference = await compare({ program, version, ...part, middleman });
      if (difference === null) continue;
      differences++;
      violations.push(`${name}: ${difference}`);
    }
    figures.push([`${name}: requests`, sequences * COMMANDS]);
    figures.push([`${name}: differences`, differences]);
  }
  return { figures, violations };
}
