// npm run docs:site: builds the documentation site, into site/dist.
//   --serve   serves it while its pages are written
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import { build, createServer } from 'vitepress';
import { bundlePages } from '../demo/playground/bundle.ts';
import { writeApi } from './api.ts';
import { isSource, sourcePage, targetOf } from './links.ts';
import { isPage } from './sidebar.ts';

const ROOT = join(import.meta.dirname, '..');
const MADE = 'site/made';

process.chdir(ROOT);
rmSync(MADE, { recursive: true, force: true });
for (const [name, text] of await bundlePages()) write(`${MADE}/public/playground/${name}`, text);
// The page has no bridge here.
write(`${MADE}/public/playground/settings.json`, 'null');
writeSources();
await writeApi(`${MADE}/api`);
if (process.argv.includes('--serve')) {
  const server = await createServer('site');
  await server.listen();
  server.printUrls();
} else await build('site');

/** Writes a page for each source that a page has a link to. */
function writeSources(): void {
  const pages = ['.', 'docs', 'examples'].flatMap((folder) =>
    readdirSync(folder, { recursive: folder !== '.', encoding: 'utf8' })
      .map((file) => join(folder, file))
  ).filter(isPage);
  for (const page of pages) {
    for (const [, link = ''] of readFileSync(page, 'utf8').matchAll(/\]\(([^)\s]+)\)/g)) {
      const file = targetOf(page, link);
      if (file === null || !isSource(file)) continue;
      const code = readFileSync(file, 'utf8');
      write(
        sourcePage(file),
        `---\nsearch: false\n---\n\n# ${file}\n\n~~~~${extname(file).slice(1)}\n${code}~~~~\n`,
      );
    }
  }
}

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
