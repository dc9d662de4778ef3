// The documentation site: it is built, and read in Chromium.
import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { promisify } from 'node:util';
import axe, { type AxeResults } from 'axe-core';
import type { Browser, BrowserContextOptions, Frame, Page } from 'playwright-core';
import * as assert from 'uvu/assert';
import { linkTo, sidebar } from '../../site/sidebar.ts';
import { suite } from '../runner/suite.ts';
import { chromiumPath, launchChromium } from '../support/chromium.ts';

const ROOT = join(import.meta.dirname, '../..');
const DIST = join(ROOT, 'site/dist');
const hasTools = existsSync(join(ROOT, 'site/node_modules'));
const run = promisify(execFile);

const site = suite('the site', 600_000);

site('each page of docs is in the sidebar, once', () => {
  const links = sidebar().flatMap(({ items }) => items.map(({ link }) => link));
  const pages = readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md'));
  assert.ok(pages.length > 20);
  assert.equal(pages.filter((file) => !links.includes(linkTo(`docs/${file}`))), []);
  assert.is(new Set(links).size, links.length);
});

/** A test that needs the generator. */
const withTools = (name: string, test: () => Promise<void>): void => {
  if (hasTools) site(name, test);
  else site.skip(`${name} (needs npm ci --prefix site)`);
};

withTools('its sources compile', async () => {
  await run(join(ROOT, 'node_modules/.bin/tsc'), ['-p', 'site'], { cwd: ROOT });
});

withTools('it is built, and no link in it is dead', async () => {
  await run(process.execPath, ['--import', 'tsx', 'site/main.ts'], { cwd: ROOT });
  for (const { link } of sidebar().flatMap(({ items }) => items)) {
    assert.ok(fileOf(link) !== null, link);
  }
  // A link to a source leads to a page with it.
  const proxy = fileOf('/source/examples/proxy-ts') ?? '';
  assert.match(readFileSync(proxy, 'utf8'), /ServerLink/);
  assert.match(
    readFileSync(fileOf('/sans-io') ?? '', 'utf8'),
    /href="\/source\/examples\/proxy-ts"/,
  );
});

site.run();

/** The file that GitHub would serve for this path; null for none. */
function fileOf(path: string): string | null {
  const names = path.endsWith('/') ? ['index.html'] : ['', '.html'];
  const files = names.map((name) => join(DIST, path + name));
  return files.find((file) => extname(file) !== '' && existsSync(file)) ?? null;
}

const shown = suite('the site in Chromium', 60_000);
const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.json': 'application/json',
};
let origin: string;
let server: Server;
let browser: Browser;

/** A test that needs a browser and what the tests above have built. */
function test(
  name: string,
  look: (page: Page) => Promise<void>,
  path = '/',
  options: BrowserContextOptions = {},
): void {
  if (!hasTools) shown.skip(`${name} (needs npm ci --prefix site)`);
  else if (chromiumPath === null) shown.skip(`${name} (needs chromium)`);
  else shown(name, () => inPage(path, look, options));
}

shown.before(async () => {
  if (!hasTools || chromiumPath === null) return;
  browser = await launchChromium();
  server = createServer(({ url = '/' }, response) => {
    const file = fileOf(new URL(url, 'http://site').pathname);
    response.writeHead(file === null ? 404 : 200, {
      'Content-Type': types[extname(file ?? '.html')] ?? 'text/plain',
    }).end(file === null ? '' : readFileSync(file));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
shown.after(async () => {
  await browser?.close();
  server?.close();
});

/** Opens a page. An error that it reports fails the test, and so does a request to another host. */
async function inPage(
  path: string,
  look: (page: Page) => Promise<void>,
  options: BrowserContextOptions,
): Promise<void> {
  const page = await browser.newPage(options);
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') faults.push(message.text());
  });
  page.on('request', (request) => {
    if (!request.url().startsWith(`${origin}/`)) faults.push(request.url());
  });
  try {
    await page.goto(origin + path, { waitUntil: 'networkidle' });
    await look(page);
    assert.equal(faults, []);
  } finally {
    await page.close();
  }
}

test('search finds a word, and leads to its page', async (page) => {
  await page.getByRole('button', { name: 'Search' }).first().click();
  await page.getByRole('searchbox').fill('stampede');
  await page.getByRole('option').filter({ hasText: 'Caching: one load' }).first().click();
  await page.waitForURL(/\/caching/);
});

test('the playground in it answers a set and a get', async (page) => {
  const frame = page.frameLocator('iframe');
  await frame.getByRole('status').filter({ hasText: 'in the memory of this page' }).waitFor();
  for (const [line, reply] of [['set greeting hello', 'stored'], ['get greeting', '"hello"']]) {
    await frame.getByRole('textbox', { name: 'Command' }).fill(line ?? '');
    await frame.getByRole('button', { name: 'Run', exact: true }).click();
    await frame.getByRole('article').last().getByText(reply ?? '').first().waitFor();
  }
  assert.ok(await frame.getByText('Through the bridge').isHidden());
}, '/playground');

test('the playground in it leads to the simulated fleets', async (page) => {
  await page.frameLocator('iframe').getByRole('link', { name: 'Simulated fleets' }).click();
  await page.waitForURL(/\/playground\/fleet\.html/);
  await page.getByRole('status').filter({ hasText: 'No law is broken' }).waitFor();
}, '/playground');

const figures = JSON.parse(readFileSync(join(ROOT, 'docs/benchmark.json'), 'utf8')) as {
  title: string;
  series: string[];
  groups: { name: string; values: (number | null)[] }[];
};

for (const path of ['/', '/benchmark']) {
  test(`the chart in ${path} shows values under the pointer, and has a table`, async (page) => {
    const [first, second] = figures.groups;
    const times = (value: number | null | undefined): string =>
      typeof value === 'number' ? `${value.toFixed(2)}×` : '–';
    const chart = page.getByRole('figure').filter({ has: page.getByRole('table') });
    await chart.getByRole('img', { name: figures.title }).waitFor();
    const rows = await chart.getByRole('row').allInnerTexts();
    assert.equal(rows, [
      ['Load', ...figures.series].join('\t'),
      ...figures.groups.map(({ name, values }) => [name, ...values.map(times)].join('\t')),
    ]);
    const over = chart.locator('.u-over');
    const { width = 0, height = 0 } = await over.boundingBox() ?? {};
    const middle = height / figures.groups.length / 2;
    for (const [place, group] of [[1, first], [3, second]] as const) {
      await over.hover({ position: { x: width / 2, y: middle * place } });
      const tip = await chart.locator('.tip').innerText();
      assert.equal(tip.split(/\s*\n\s*/), [
        group?.name,
        ...figures.series.flatMap((name, client) => [name, times(group?.values[client])]),
      ]);
    }
    assert.is(await chart.locator('.u-cursor-x:not(.u-off), .u-cursor-y:not(.u-off)').count(), 2);
  }, path);
}

test('the playground has the colours of the page', async (page) => {
  const ground = (): Promise<unknown> =>
    page.frames()[1]?.evaluate('getComputedStyle(document.body).backgroundColor') ??
      Promise.reject(new Error('there is no frame'));
  await page.frameLocator('iframe').getByRole('status').filter({ hasText: 'memcached 1.' })
    .waitFor();
  const before = await ground();
  await page.getByRole('switch').first().click();
  assert.is.not(await ground(), before);
}, '/playground');

/** A script that finds what sticks out of the page, or is cut, and cannot be scrolled to. */
const CUT = `(() => {
  const scrolls = (part) => part !== null && part !== document.documentElement &&
    (/auto|scroll/.test(getComputedStyle(part).overflowX) || scrolls(part.parentElement));
  // What is for screen readers, comes in from the side, moves in a button, or scrolls.
  const aside = '.hidden, .visually-hidden, [hidden], .VPSidebar, .VPNavBarHamburger, #line';
  return [...document.querySelectorAll('body *')].filter((part) => {
    if (part.closest(aside) !== null || !part.checkVisibility({ opacityProperty: true })) return false;
    const { left, right } = part.getBoundingClientRect();
    const isOut = left < -0.5 || right > document.documentElement.clientWidth + 0.5;
    const isCut = /hidden|clip/.test(getComputedStyle(part).overflowX) && part.clientWidth > 0 &&
      part.scrollWidth > part.clientWidth + 1;
    return (isOut && !scrolls(part.parentElement)) || isCut;
  }).map(({ tagName, className, textContent }) =>
    [tagName, className, textContent.slice(0, 30)].join(' '));
})()`;

/** What axe finds wrong with a page: the rules, each with its elements. */
async function violations(frame: Frame): Promise<string[]> {
  await frame.evaluate(axe.source);
  const results = await frame.evaluate<AxeResults>('axe.run()');
  return results.violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html}: ${failureSummary}`)
  );
}

const phones = ['/', '/guide', '/api/memwire/classes/Discovery', '/playground'];
const visits: readonly (readonly [path: string, width: number, scheme: 'light' | 'dark'])[] = [
  ...phones.map((path) => [path, 390, 'light'] as const),
  ...phones.map((path) => [path, 320, 'dark'] as const),
  ['/benchmark', 1280, 'light'],
];

for (const [path, width, colorScheme] of visits) {
  test(
    `${path} at ${width} pixels, ${colorScheme}: nothing is cut, axe finds nothing`,
    async (page) => {
      for (const frame of page.frames()) {
        assert.equal(await frame.evaluate(CUT), []);
        assert.equal(await violations(frame), []);
      }
    },
    path,
    { viewport: { width, height: 800 }, colorScheme },
  );
}

shown.run();
