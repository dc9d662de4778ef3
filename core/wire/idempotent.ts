import type { Command } from './command.ts';
import { flagArgument } from './meta-flags.ts';
import { verbs } from './verbs.ts';

/**
 * Whether doing a command twice leaves what doing it once leaves, and says what doing it once says,
 * but for a second `delete`, which finds nothing.
 *
 * Of meta commands their flags decide: a cas is spent by the first, and of those who ask for a win
 * (`N` and `R` of `mg`) the second is told that another has it.
 */
export function isIdempotent(command: Command): boolean {
  switch (command.verb) {
    case 'mg':
      return !has(command.flags, 'N') && !has(command.flags, 'R');
    case 'md':
      return !has(command.flags, 'C');
    case 'ms':
      // `set` and `replace`; servers take the letter in either case.
      return /^[sr]/i.test(flagArgument(command.flags, 'M') ?? 'S') && !has(command.flags, 'C');
    default:
      return verbs[command.verb].idempotent;
  }
}

function has(flags: readonly string[], letter: string): boolean {
  return flagArgument(flags, letter) !== undefined;
}
