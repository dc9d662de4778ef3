// The pages: their links, and whether those that are generated are current.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import * as assert from 'uvu/assert';
import { drawChart, readFigures } from '../../bench/chart.ts';
import { commands } from '../../cli/console/commands.ts';
import { ownCommands } from '../../cli/console/completion.ts';
import { flagTable } from '../../cli/console/flags.ts';
import { usage } from '../../cli/console/usage.ts';
import { programs } from '../../cli/help.ts';
import { suite } from '../runner/suite.ts';
import { pictures } from './cache-scenes.ts';
import { optionPage } from './option-tables.ts';
import { ROOT } from './source.ts';
import { FILE, verbTable } from './verb-table.ts';

const house = suite('house: docs');

house('docs/verbs.md is what `npm run docs` writes', async () => {
  assert.is(readFileSync(FILE, 'utf8'), await verbTable());
});

house('docs/client.md is what `npm run docs` writes', () => {
  assert.is(read('docs/client.md'), optionPage());
});

house('the pictures of docs/caching.md are what `npm run docs` draws', async () => {
  for (const [file, picture] of await pictures()) {
    assert.is(readFileSync(file, 'utf8'), picture, file);
    assert.ok(read('docs/caching.md').includes(`(${basename(file)})`), file);
  }
});

house('docs/benchmark.svg shows the figures of docs/benchmark.json', () => {
  assert.is(read('docs/benchmark.svg'), drawChart(readFigures(read('docs/benchmark.json'))));
});

house('.ci/run runs the test line of the README', () => {
  const [, line] = /```sh\n(apt-get [^`]*npm test)\n```/.exec(read('README.md')) ?? [];
  assert.ok(line !== undefined, 'the README has a test line');
  assert.ok(read('.ci/run').includes(`\n${line}\n`), `.ci/run does not run\n${line}`);
});

house('docs/cli.md has every command and every flag of the command line', () => {
  const page = read('docs/cli.md');
  for (const row of [...commands, ...ownCommands, ...programs]) {
    assert.ok(
      page.includes(`\`${usage(row)}\``) || page.includes(`memwire ${usage(row)}\``),
      row.name,
    );
  }
  for (const [name, { short, value }] of Object.entries(flagTable)) {
    const flag = value === undefined ? `--${name}` : `--${name} ${value}`;
    assert.ok(page.includes(`\`${flag}\``) || page.includes(`\`--${name}\``), flag);
    if (short !== undefined) assert.ok(page.includes(`\`-${short}\``), short);
  }
});

house('every test that docs/pymemcache.md names is there', () => {
  const rows = read('docs/pymemcache.md').match(/^\| \d+ .*$/gm) ?? [];
  assert.is(rows.length, 71);
  for (const row of rows) {
    const proof = row.split('|').at(-2) ?? '';
    for (const [, test = ''] of proof.matchAll(/`([^`]+)`/g)) {
      assert.ok(existsSync(join(ROOT, `${test}.test.ts`)), test);
    }
  }
});

house('the README has at most 160 lines', () => {
  assert.ok(read('README.md').split('\n').length <= 161);
});

house('every relative link leads to a file, and to a heading in it', () => {
  const pages = ['', 'docs', 'docs/guides', 'examples'].flatMap((folder) =>
    readdirSync(join(ROOT, folder)).map((file) => join(folder, file))
  ).filter((file) => file.endsWith('.md'));
  assert.ok(pages.length > 10);
  const broken: string[] = [];
  for (const page of pages) {
    for (const [, target = ''] of read(page).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (target.startsWith('https:')) continue;
      const [path = '', heading] = target.split('#');
      const file = path === '' ? page : join(page, '..', path);
      const found = existsSync(join(ROOT, file)) &&
        (heading === undefined || headings(read(file)).includes(heading));
      if (!found) broken.push(`${page}: ${target}`);
    }
  }
  assert.equal(broken, []);
});

house('every section of docs/protocol.md that the code cites is there', () => {
  const sections = [...read('docs/protocol.md').matchAll(/^#+ (\d[\d.]*) /gm)].map(([, n]) => n);
  assert.ok(sections.length > 20);
  const cited = new Set<string>();
  for (const folder of ['core', 'conformance', 'test']) {
    for (const file of readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })) {
      if (!file.endsWith('.ts')) continue;
      for (
        const [, section = ''] of read(join(folder, file)).matchAll(/protocol\.md (\d[\d.]*\d|\d)/g)
      ) {
        cited.add(section);
      }
    }
  }
  assert.ok(cited.size > 5);
  assert.equal([...cited].filter((section) => !sections.includes(section)), []);
});

/** The URL fragments of the headings of a page. */
function headings(text: string): string[] {
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, title = '']) =>
    title.toLowerCase().replaceAll(/[^\p{L}\p{N} _-]/gu, '').replaceAll(' ', '-')
  );
}

function read(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8');
}

house.run();
