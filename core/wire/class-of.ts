import type { Command } from './command.ts';
import { type VerbRow, verbs } from './verbs.ts';

/** Flags that make an `mg` change an item: its time to live, its cas, or who has won it. */
const writing = /^[ENRT]/;

/** What a command does: its verb's class, but `write` for an `mg` whose flags change the item. */
export function classOf(command: Command): VerbRow['class'] {
  if (command.verb === 'mg' && command.flags.some((flag) => writing.test(flag))) return 'write';
  return verbs[command.verb].class;
}
