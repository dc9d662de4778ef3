// The sidebar of the site, and the addresses of its pages.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Section, sections } from './pages.ts';

const ROOT = join(import.meta.dirname, '..');

/** A part of the sidebar, as VitePress has it. */
interface Part {
  readonly text: string;
  readonly items: { readonly text: string; readonly link: string }[];
}

/** Whether a file of the repository is a page of the site. */
export function isPage(file: string): boolean {
  return /^(docs\/.*|site\/[\w-]+|site\/made\/.*|examples\/README|[A-Z]+)\.md$/.test(file) &&
    file !== 'README.md' && existsSync(join(ROOT, file));
}

/** The file of a page as its address says it: `guide.md` for `docs/guide.md`. */
export function addressOf(file: string): string {
  if (file === 'examples/README.md') return 'examples.md';
  if (/^[A-Z]+\.md$/.test(file)) return file.toLowerCase();
  return file.replace(/^(docs|site\/made|site)\//, '').replace(/README\.md$/, 'index.md');
}

/** The link to a page: `/guide`, or `/guides/` for the first one of a folder. */
export function linkTo(file: string): string {
  return `/${addressOf(file).replace(/(index)?\.md$/, '')}`;
}

/** The sections that have pages, and all other pages of `docs`. */
export function sidebar(): Part[] {
  const all = pagesIn('docs');
  const named = new Set(sections.flatMap(filesOf));
  const rest = all.filter((file) => !named.has(file));
  return [...sections, { title: 'More', pages: rest }]
    .map((section) => partOf(section))
    .filter(({ items }) => items.length > 0);
}

function partOf(section: Section): Part {
  const titles = new Map(section.pages.filter((page) => typeof page !== 'string'));
  const items = filesOf(section).filter(isPage).map((file) => ({
    text: titles.get(file) ?? titleOf(file),
    link: linkTo(file),
  }));
  return { text: section.title, items };
}

function filesOf({ pages, folder }: Section): string[] {
  const named = pages.map((page) => (typeof page === 'string' ? page : page[0]));
  const others = folder === undefined ? [] : pagesIn(folder);
  return [...new Set([...named, ...others])];
}

/** The pages in a folder and in those below, by their names. */
function pagesIn(folder: string): string[] {
  if (!existsSync(join(ROOT, folder))) return [];
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md'))
    .map((file) => `${folder}/${file}`)
    .sort();
}

/** The heading of a page. */
export function titleOf(file: string): string {
  const text = readFileSync(join(ROOT, file), 'utf8');
  return /^# (.*)$/m.exec(text)?.[1]?.replaceAll('`', '') ?? file;
}
