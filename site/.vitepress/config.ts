// The configuration of the site. pages.ts has its pages.
import { type DefaultTheme, defineConfig } from 'vitepress';
import { followLinks } from '../links.ts';
import { addressOf, sidebar } from '../sidebar.ts';

/** Pages of the API that search does not find: they would be most of it, and name little but fields. */
const FIELDS = /\/api\/.*\/(interfaces|type-aliases|variables)\//;

/** The words of a page. Colours for its code would take as long as the rest of the build. */
const renderForSearch: NonNullable<DefaultTheme.LocalSearchOptions['_render']> = (
  text,
  env,
  md,
) => {
  if (FIELDS.test(env.relativePath)) return '';
  const { highlight } = md.options;
  md.options.highlight = null;
  try {
    const html = md.render(text, env);
    return env.frontmatter?.['search'] === false ? '' : html;
  } finally {
    md.options.highlight = highlight;
  }
};

export default defineConfig({
  title: 'memwire',
  description: 'memcached for every JavaScript runtime: client, embedded server, protocol core',
  lang: 'en',
  // GitHub serves the pages of a project in a folder.
  base: process.env['SITE_BASE'] ?? '/',
  // The pages stay where they are, also for those who read them in the repository.
  srcDir: '..',
  srcExclude: ['README.md', '{bench,conformance,core,package,stores,test}/**'],
  rewrites: addressOf,
  outDir: 'dist',
  cacheDir: 'node_modules/.cache',
  cleanUrls: true,
  head: [['link', { rel: 'icon', href: `${process.env['SITE_BASE'] ?? '/'}playground/icon.svg` }]],
  markdown: {
    theme: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' },
    config: followLinks,
  },
  themeConfig: {
    logo: '/playground/icon.svg',
    nav: [
      { text: 'Guide', link: '/guide' },
      { text: 'Caching', link: '/caching' },
      { text: 'Reference', link: '/client' },
      { text: 'Benchmarks', link: '/benchmark' },
      { text: 'Playground', link: '/playground' },
    ],
    sidebar: sidebar(),
    outline: [2, 3],
    search: { provider: 'local', options: { _render: renderForSearch } },
    docFooter: { prev: 'Before', next: 'Next' },
  },
  vite: {
    publicDir: 'site/made/public',
    // The index of the search, which is loaded when somebody searches.
    build: { chunkSizeWarningLimit: 1000 },
  },
});
