// The list of the files of the package: `npm run contents` writes it anew after a build.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ROOT } from './source.ts';
import { tarball } from './user-project.ts';

const FILE = join(ROOT, 'package/contents.txt');

/** How the files of the package differ from the list: a line for each, `+` or `-`, and the path. */
export function differences(paths: readonly string[]): string[] {
  const listed = readFileSync(FILE, 'utf8').trimEnd().split('\n');
  const [packed, known] = [new Set(paths), new Set(listed)];
  return [
    ...paths.filter((path) => !known.has(path)).map((path) => `+ ${path}`),
    ...listed.filter((path) => !packed.has(path)).map((path) => `- ${path}`),
  ];
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  writeFileSync(FILE, `${tarball().paths.toSorted().join('\n')}\n`);
}
