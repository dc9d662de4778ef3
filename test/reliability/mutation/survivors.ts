// The mutants that survive for a reason: those that change nothing that a caller can see.
//
// Each file of the folder `survivors` has lines of three kinds, told by how far they are indented:
// a file, a reason, and the names of the mutants that survive for it.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const FOLDER = join(import.meta.dirname, 'survivors');

/** The reasons by the names of mutants, by file. */
export function readReasons(): Map<string, Map<string, string>> {
  const reasons = new Map<string, Map<string, string>>();
  for (const name of readdirSync(FOLDER).sort()) {
    for (const [file, found] of parseReasons(readFileSync(join(FOLDER, name), 'utf8'))) {
      reasons.set(file, new Map([...(reasons.get(file) ?? []), ...found]));
    }
  }
  return reasons;
}

/** @throws {Error} If a line is not indented as it should be. */
export function parseReasons(text: string): Map<string, Map<string, string>> {
  const reasons = new Map<string, Map<string, string>>();
  let [file, reason] = ['', ''];
  for (const line of text.split('\n')) {
    const [, indent = '', rest = ''] = /^( *)(.*)$/.exec(line)!;
    if (rest === '') continue;
    if (indent.length === 0) {
      [file, reason] = [rest, ''];
      reasons.set(file, reasons.get(file) ?? new Map());
    } else if (indent.length === 2 && file !== '') reason = rest;
    else if (indent.length === 4 && reason !== '') reasons.get(file)!.set(rest, reason);
    else throw new Error(`nothing is above this line: ${line}`);
  }
  return reasons;
}
