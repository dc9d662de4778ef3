// Reads a file that a flag names.
import { readFileSync } from 'node:fs';
import { FlagError, oneLine } from './console/flags.ts';

/** The contents of a file. @throws FlagError that names the flag. */
export function readText(flag: string, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new FlagError(`${flag}: ${oneLine(error)}`);
  }
}
