// Completion of the last word of a line.
import { type CommandRow, commands, findCommand } from './commands.ts';

/** A command of the console about itself. */
export interface OwnRow {
  readonly name: string;
  readonly parameters: readonly string[];
  readonly words: readonly string[];
  readonly summary: string;
}

/** The commands that only the console has. */
export const ownCommands: readonly OwnRow[] = [
  {
    name: 'help',
    parameters: ['[COMMAND]'],
    words: commands.map(({ name }) => name),
    summary: 'what there is, or the flags of a command',
  },
  {
    name: 'wire',
    parameters: ['on|off'],
    words: ['on', 'off'],
    summary: 'shows the bytes both ways, or does not',
  },
  { name: 'quit', parameters: [], words: [], summary: 'ends the console, as Ctrl-D does' },
];

/**
 * The completions of the last word of a line, in readline's form.
 *
 * @param keys The keys that were used so far, as they were typed.
 */
export function complete(line: string, keys: Iterable<string>): [words: string[], begun: string] {
  const words = line.trimStart().split(/\s+/);
  const begun = words.pop() ?? '';
  return [candidates(words, begun, keys).filter((word) => word.startsWith(begun)), begun];
}

function candidates(words: readonly string[], begun: string, keys: Iterable<string>): string[] {
  const [name, ...rest] = words;
  if (name === undefined) return [...commands, ...ownCommands].map((row) => row.name);
  const own = ownCommands.find((row) => row.name === name);
  if (own !== undefined) return [...own.words];
  const row = findCommand(name);
  if (row === undefined) return [];
  if (begun.startsWith('--')) return [...row.flags, 'json'].map((flag) => `--${flag}`);
  const isKey = keyPlaces(row, rest.length + 1).includes(rest.length);
  return isKey ? [...keys] : [...row.words];
}

/** The indices of the words of a command that are keys. */
export function keyPlaces({ parameters }: CommandRow, count: number): number[] {
  if (parameters[0] === 'KEY...') return Array.from({ length: count }, (_, index) => index);
  return parameters[0] === 'KEY' && count > 0 ? [0] : [];
}
