// Temporary files.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const directories: string[] = [];

process.once('exit', () => {
  for (const directory of directories) rmSync(directory, { recursive: true, force: true });
});

/** A new directory, in that of the system by default, which is removed when this process ends. */
export function temporaryDirectory(parent: string = tmpdir()): string {
  mkdirSync(parent, { recursive: true });
  const directory = mkdtempSync(join(parent, 'memwire-'));
  directories.push(directory);
  return directory;
}

/** A file in a new directory, which is removed when this process ends. */
export function temporaryFile(name: string, content: string): string {
  const file = join(temporaryDirectory(), name);
  writeFileSync(file, content);
  return file;
}
