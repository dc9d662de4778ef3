// Leads the links of the pages, which are made for the repository, to where they lead on the site.
import { existsSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { MarkdownRenderer } from 'vitepress';
import { isPage, linkTo, titleOf } from './sidebar.ts';

const ROOT = join(import.meta.dirname, '..');

/** The picture in whose place the site has a chart that answers to the pointer. */
const CHART = 'docs/benchmark.svg';

/** Whether a file is shown as a page of its own because a page has a link to it. */
export function isSource(file: string): boolean {
  return /\.(ts|html)$/.test(file) && existsSync(join(ROOT, file));
}

/** The page that shows a source. */
export function sourcePage(file: string): string {
  return `site/made/source/${file.replaceAll('.', '-')}.md`;
}

/** The file of the repository that a link in a page leads to; null for one to elsewhere. */
export function targetOf(page: string, link: string): string | null {
  const [path = ''] = link.split('#');
  return path === '' || /^([a-z]+:|\/)/.test(path) ? null : join(page, '..', path);
}

/** Makes the renderer of the pages follow their links. */
export function followLinks(md: MarkdownRenderer): void {
  md.core.ruler.push('links', ({ tokens, env }) => {
    const { realPath, path } = env as { realPath?: string; path?: string };
    const file = realPath ?? path;
    // A heading that becomes a title has no file.
    if (file === undefined) return;
    const page = relative(ROOT, file);
    for (const [index, token] of tokens.entries()) {
      const children = token.children ?? [];
      follow(page, children);
      const [image] = children;
      if (image?.type === 'image' && targetOf(page, image.attrGet('src') ?? '') === CHART) {
        toHtml(image, '<BenchmarkChart />');
        // A paragraph cannot contain a figure.
        for (const around of tokens.slice(index - 1, index + 2)) around.hidden = around !== token;
      }
    }
  });
}

type Token = ReturnType<MarkdownRenderer['parse']>[number];

function follow(page: string, tokens: readonly Token[]): void {
  let dropped = false;
  for (const [index, token] of tokens.entries()) {
    if (token.type === 'link_open') {
      const link = token.attrGet('href') ?? '';
      const address = addressIn(page, link);
      dropped = address === null;
      if (address !== null) token.attrSet('href', address);
      const [text, file] = [tokens[index + 1], targetOf(page, link)];
      // A page is called by its file in the repository, and by its heading on the site.
      if (
        text !== undefined && file !== null && isPage(file) && file.endsWith(`/${text.content}`)
      ) {
        text.content = titleOf(file);
      }
    }
    // The site does not have it, and the package names no repository: its text remains.
    if (dropped && token.type.startsWith('link_')) toHtml(token, '');
  }
}

function addressIn(page: string, link: string): string | null {
  const file = targetOf(page, link);
  if (file === null) return link;
  const shown = isSource(file) ? sourcePage(file) : file;
  if (!isPage(shown)) return isAsset(file) ? link : null;
  const [, heading] = link.split('#');
  return `${linkTo(shown)}${heading === undefined ? '' : `#${heading}`}`;
}

/** Whether the site has a file that is not a page. */
function isAsset(file: string): boolean {
  return /\.(svg|png)$/.test(file) &&
    statSync(join(ROOT, file), { throwIfNoEntry: false }) !== undefined;
}

function toHtml(token: Token, html: string): void {
  token.type = 'html_inline';
  token.content = html;
  token.children = null;
}
