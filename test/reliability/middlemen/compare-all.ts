// Compares the embedded server with memcached: alone, behind the bridge, and behind the example proxy.
import { findProgram, versionOf } from '../../support/memcached.ts';
import { COMMANDS, compare } from '../../support/side-by-side.ts';
import type { FuzzReport } from '../fuzz/run.ts';
import { middlemen } from './middlemen.ts';

/** Sends so many random sequences each way. */
export async function compareAll(sequences: number, seed: number): Promise<FuzzReport> {
  const program = findProgram('memcached');
  if (program === null) return { figures: [], violations: [] };
  const figures: [string, number][] = [];
  const violations: string[] = [];
  const ways = [['alone', undefined], ...Object.entries(middlemen)] as const;
  for (const [name, middleman] of ways) {
    const version = versionOf(program);
    const difference = await compare({ program, version, seed, sequences, middleman });
    figures.push([`${name}: requests`, sequences * COMMANDS]);
    figures.push([`${name}: differences`, difference === null ? 0 : 1]);
    if (difference !== null) violations.push(`${name}: ${difference}`);
  }
  return { figures, violations };
}
