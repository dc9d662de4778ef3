// The page that plays a seed of the simulated fleets, in Chromium, and its parts without a page.
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import * as assert from 'uvu/assert';
import { type Playground, startPlayground } from '../../cli/playground-server.ts';
import { memoryDialer, Server } from '../../core/server/mod.ts';
import { type Bug, runFleet } from '../../test/reliability/fleet/fleet.ts';
import { swarmOf } from '../../test/reliability/fleet/swarm.ts';
import { suite } from '../../test/runner/suite.ts';
import { axeViolations } from '../../test/support/axe.ts';
import { chromiumPath, launchChromium } from '../../test/support/chromium.ts';
import { bundlePage, bundlePages } from './bundle.ts';
import { readAddress, type Shown, writeAddress } from './fleet/address.ts';
import { Axis } from './fleet/axis.ts';
import { packRows, record, type Recording, type Span } from './fleet/recording.ts';
import { tell } from './fleet/words.ts';

const files = await bundlePages();
const recorded = await firstFit();
const { seed: SEED, calls: CALLS } = recorded.report.plan;
const last = recorded.moments.length - 1;
const firstFault = recorded.moments.findIndex(({ type }) => type === 'fault');
const ITEM = recorded.calls[0]!.items[0]!.register;

/** The run of a seed with a few clients, and with some faults and failed calls after a while. */
async function firstFit(): Promise<Recording> {
  for (let seed = 1; seed < 10_000; seed++) {
    const { clients, servers, faults } = swarmOf(seed);
    const callers = clients.reduce((sum, client) => sum + client.callers, 0);
    if (clients.length < 2 || callers > 12 || servers < 2 || faults.length < 4) continue;
    const recording = await record({ seed, calls: 200 });
    const { report, moments } = recording;
    const quiet = moments.findIndex(({ type }) => type === 'fault');
    if (quiet > 60 && report.faults >= 4 && report.failures >= 4) return recording;
  }
  throw new Error('no seed is fit');
}

const parts = suite('playground: the parts of the simulated fleets');

parts('the page is linked from the playground, but not in the package', async () => {
  assert.match(files.get('index.html') ?? '', /<a href="fleet\.html"/);
  const published = await bundlePage();
  assert.equal([...published.keys()], ['index.html', 'page.css', 'page.js', 'icon.svg']);
  assert.not.match(published.get('index.html') ?? '', /fleet/);
});

parts('a recording has the figures of its report, and every span ends in it', () => {
  const { report, calls, faults, packets, moments } = recorded;
  assert.is(faults.length, report.faults);
  assert.is(calls.flatMap(({ items }) => items).length, report.commands);
  assert.is(packets.length, moments.filter(({ type }) => type === 'sent').length);
  const isFailed = (outcome: string): boolean => ['not-sent', 'unknown', 'done'].includes(outcome);
  assert.ok(calls.filter(({ outcome }) => isFailed(outcome)).length >= report.failures);
  assert.ok(calls.every(({ outcome }) => outcome !== 'open'));
  for (const { begin, end } of [...calls, ...faults, ...packets]) {
    assert.ok(begin <= end && end <= last, `${begin} to ${end}`);
  }
  assert.ok(moments.every((moment, i) => i === 0 || moment.at >= moments[i - 1]!.at));
  assert.ok(moments.every((moment) => !/undefined|\[object/.test(tell(moment))));
});

parts('bars of one row do not overlap', () => {
  const spans: Span[] = [[0, 5], [1, 2], [3, 9], [6, 7], [9, 9]].map(([begin = 0, end = 0]) => ({
    begin,
    end,
    row: -1,
  }));
  assert.is(packRows(spans), 2);
  assert.equal(spans.map(({ row }) => row), [0, 1, 1, 0, 0]);
});

parts('the axis has a place for each moment, and a wait that is long is short', () => {
  const times = [0, 0, 10, 20, 1_000_020, 1_000_030];
  const axis = new Axis(times);
  for (let i = 0; i < times.length; i++) assert.is(axis.indexAt(axis.place(i)), i);
  assert.is(axis.width, axis.place(times.length - 1));
  const width = (i: number): number => axis.place(i) - axis.place(i - 1);
  assert.ok(width(4) > width(3) && width(4) < 10 * width(3), `${width(4)} and ${width(3)}`);
  assert.equal(axis.waits(0, 5).map(({ wait }) => wait), [1_000_000]);
  assert.is(new Axis(times, 2).width, 2 * axis.width);
});

parts('an address gives back what it was written for, and anything else a default', () => {
  const shown: Shown = { seed: 7, calls: 50, bug: 'lie', moment: 12, item: 'k1@0' };
  assert.equal(readAddress(writeAddress(shown)), shown);
  const none = { ...shown, bug: null, moment: null, item: null };
  assert.equal(readAddress(writeAddress(none)), none);
  const first = readAddress('');
  assert.equal(readAddress('#seed=-1&calls=many&bug=none&moment=1.5'), first);
  assert.is(readAddress('#calls=99999999').calls, 5000);
});

parts.run();

const shown = suite('playground: simulated fleets in Chromium');
let browser: Browser | null = null;
let served: Playground;

shown.before(async () => {
  const dial = memoryDialer(new Server());
  const endpoint = { host: 'localhost', port: 11211 };
  served = await startPlayground({ files, upstream: { dial, endpoint, server: null } });
  if (chromiumPath !== null) browser = await launchChromium();
});
shown.after(async () => {
  await browser?.close();
  await served.close();
});

/** A test in a new page; an error that the page reports fails it. */
function test(
  name: string,
  run: (page: Page) => Promise<void>,
  hash: string = `#seed=${SEED}&calls=${CALLS}`,
  options: BrowserContextOptions = {},
): void {
  if (chromiumPath === null) return shown.skip(`${name} (needs chromium)`);
  shown(name, async () => {
    const page = await browser!.newPage(options);
    const errors: string[] = [];
    page.on('pageerror', (error) => errors.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') errors.push(message.text());
    });
    // The time of the page stands still but where a test moves it.
    await page.clock.install({ time: 0 });
    try {
      await page.goto(`${served.url}fleet.html${hash}`);
      await isRun(page);
      await run(page);
      assert.equal(errors, []);
    } finally {
      await page.close();
    }
  });
}

/** Waits for the end of a run. */
async function isRun(page: Page): Promise<void> {
  await page.getByRole('status').filter({ hasText: /law is broken/ }).waitFor();
}

async function click(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name, exact: true }).click();
}

/** The index of the moment that is shown. */
async function momentOf(page: Page): Promise<number> {
  return Number(await page.getByRole('slider', { name: 'Moment' }).inputValue());
}

async function textOf(page: Page): Promise<string> {
  return await page.locator('#what').innerText();
}

for (const [seed, calls, bug] of [[2, 100, undefined], [29, 200, 'forget']] as const) {
  const hash = `#seed=${seed}&calls=${calls}${bug === undefined ? '' : `&bug=${bug}`}`;
  test(`seed ${seed}: what happens in the page is what happens on Node`, async (page) => {
    const report = await runFleet({ seed, calls, ...(bug === undefined ? {} : { bug }) });
    assert.is(await page.locator('#status').getAttribute('data-digest'), String(report.digest));
  }, hash);
}

test('it starts at the first fault, which is named and drawn', async (page) => {
  assert.is(await momentOf(page), firstFault);
  const moment = recorded.moments[firstFault]!;
  assert.is(await textOf(page), tell(moment));
  assert.match(await textOf(page), /^Fault 0: [a-z-]+, (server|client)\d/);
  assert.match(await page.locator('#active').innerText(), /^Now: [a-z-]+, (server|client)\d/);
  assert.is(await page.locator('#diagram [data-fault="0"]').count(), 1);
  for (const text of ['client0: ', 'client1: ', 'server0', 'server1', 'faults']) {
    await page.locator('#diagram text').filter({ hasText: text }).first().waitFor();
  }
  await click(page, 'Next fault');
  assert.match(await textOf(page), /^Fault 1: /);
  await click(page, 'Next failed call');
  assert.match(await textOf(page), /→ .*(not sent|may have been done|answered with an error)/);
});

test('it steps forward and back, by buttons and by keys', async (page) => {
  await click(page, 'Start');
  assert.is(await momentOf(page), 0);
  await click(page, '◀ Back');
  assert.is(await momentOf(page), 0);
  for (let index = 1; index <= 5; index++) {
    await click(page, 'Step ▶');
    assert.is(await momentOf(page), index);
    assert.is(await textOf(page), tell(recorded.moments[index]!));
  }
  await click(page, '◀ Back');
  assert.is(await momentOf(page), 4);
  await page.locator('h1').click();
  await page.keyboard.press('ArrowRight');
  assert.is(await momentOf(page), 5);
  await page.keyboard.press('ArrowLeft');
  await page.keyboard.press('ArrowLeft');
  assert.is(await momentOf(page), 3);
  await page.keyboard.press('End');
  assert.is(await momentOf(page), last);
  await page.keyboard.press('Home');
  assert.is(await momentOf(page), 0);
  const current = page.locator('#moments [aria-current]');
  assert.ok((await current.innerText()).includes(tell(recorded.moments[0]!)));
});

test('it plays at the speed that is chosen, and pauses', async (page) => {
  await click(page, 'Start');
  await page.clock.pauseAt(1_000_000);
  const played = async (speed: string): Promise<number> => {
    await page.getByRole('combobox', { name: 'Speed', exact: true }).selectOption(speed);
    const before = await momentOf(page);
    await click(page, 'Play');
    await page.clock.runFor(2000);
    await click(page, 'Pause');
    return await momentOf(page) - before;
  };
  // Of two seconds, the first frame and a part of the last are lost.
  const slow = await played('12');
  assert.ok(slow >= 22 && slow <= 24, `${slow} moments`);
  const fast = await played('150');
  assert.ok(fast >= 290 && fast <= 300, `${fast} moments`);
  const before = await momentOf(page);
  await page.clock.runFor(2000);
  assert.is(await momentOf(page), before);
  await page.locator('h1').click();
  await page.keyboard.press('Space');
  await page.clock.runFor(1_000_000);
  assert.is(await momentOf(page), last);
  await page.getByRole('button', { name: 'Play', exact: true }).waitFor();
});

test('it goes to where the slider is, and the address says where that is', async (page) => {
  const index = Math.floor(last / 2);
  await page.getByRole('slider', { name: 'Moment' }).fill(String(index));
  assert.is(await textOf(page), tell(recorded.moments[index]!));
  assert.match(
    await page.getByRole('slider', { name: 'Moment' }).getAttribute('aria-valuetext') ?? '',
    /^[\d.]+ m?s: /,
  );
  await page.clock.runFor(1000);
  assert.ok(page.url().endsWith(`#seed=${SEED}&calls=${CALLS}&moment=${index}`), page.url());
  await page.locator('#moments button').last().click();
  assert.is(await momentOf(page), index + 4);
});

test('a call on the time line shows the history of its item', async (page) => {
  // One that is in sight, at the moment at which the page starts.
  const axis = new Axis(recorded.moments.map(({ at }) => at));
  const before = (index: number): number => axis.place(firstFault) - axis.place(index);
  const wanted = recorded.calls.findIndex(({ begin, end, items }) =>
    items.length === 1 && end < firstFault && before(begin) < 600 && before(begin) - before(end) > 8
  );
  const call = recorded.calls[wanted]!;
  const { key, register } = call.items[0]!;
  await page.locator(`#diagram [data-call="${wanted}"] rect`).click();
  assert.is(await page.getByRole('combobox', { name: 'Item', exact: true }).inputValue(), register);
  const uses = recorded.calls.flatMap(({ items }) => items).filter((item) =>
    item.register === register
  );
  const rows = page.locator('#list tbody tr');
  assert.is(await rows.count(), uses.length);
  assert.is(await page.locator('#uses .call').count(), uses.length);
  for (const text of await rows.locator('td:nth-child(3)').allInnerTexts()) {
    assert.ok(text.split(' ').includes(key), text);
  }
  assert.match(await page.locator('#verdict').innerText(), /^Linearizable/);
  assert.ok(await page.locator('#diagram .call.followed').count() > 0);
  await rows.first().getByRole('button').click();
  assert.is(
    await momentOf(page),
    recorded.calls.find(({ items }) => items.includes(uses[0]!))!.begin,
  );
  await page.clock.runFor(1000);
  assert.ok(page.url().includes(`&item=${encodeURIComponent(register)}`), page.url());
});

test('an address opens the moment and the item that it has', async (page) => {
  assert.is(await momentOf(page), 200);
  assert.is(await textOf(page), tell(recorded.moments[200]!));
  assert.is(await page.getByRole('combobox', { name: 'Item', exact: true }).inputValue(), ITEM);
}, `#seed=${SEED}&calls=${CALLS}&moment=200&item=${encodeURIComponent(ITEM)}`);

/** A short run that breaks a law. */
async function firstBroken(bug: Bug, shows: RegExp): Promise<number> {
  for (let seed = 1; seed <= 60; seed++) {
    const { violations } = await runFleet({ seed, calls: 200, bug });
    if (violations.some((law) => shows.test(law))) return seed;
  }
  throw new Error(`no seed has found ${bug}`);
}

const forgetting = await firstBroken('forget', /no order explains/);
test('a history that no order explains is shown with the call that it ends at', async (page) => {
  assert.match(await page.getByRole('status').innerText(), /A law is broken/);
  assert.match(
    await page.locator('#verdict').innerText(),
    /^Not linearizable: no order explains “.+ → .+”\. After the longest order .* the item is /,
  );
  assert.is(await page.locator('#list tr.wrong').count(), 1);
  assert.is(await page.locator('#uses .wrong').count(), 1);
  const result = await page.locator('#list tr.wrong td').nth(3).innerText();
  assert.ok((await textOf(page)).includes(result), `${result}, at ${await textOf(page)}`);
  await page.getByText('What the checker says').click();
  assert.match(await page.locator('#laws').innerText(), /no order explains/);
  assert.is(
    await page.locator('#line').innerText(),
    `npm run reliability -- --seed ${forgetting} --calls 200 --bug forget`,
  );
}, `#seed=${forgetting}&calls=200&bug=forget`);

const late = await firstBroken('late', /after its deadline/);
test('a law of the client that is broken is shown at its moment', async (page) => {
  assert.match(await textOf(page), /^A law is broken: .*after its deadline/);
  assert.ok(await page.locator('#diagram .violation').count() > 0);
}, `#seed=${late}&calls=200&bug=late`);

test(
  'another seed is run, its line is copied, and one with a fault is found',
  async (page) => {
    await page.getByRole('spinbutton', { name: 'Seed', exact: true }).fill('40');
    await page.getByRole('spinbutton', { name: 'Calls', exact: true }).fill('100');
    await click(page, 'Run');
    await page.getByText('npm run reliability -- --seed 40 --calls 100').waitFor();
    await click(page, 'Copy');
    await page.getByRole('button', { name: 'Copied' }).waitFor();
    const copied = await page.evaluate('navigator.clipboard.readText()');
    assert.is(copied, 'npm run reliability -- --seed 40 --calls 100');
    await page.getByRole('combobox', { name: 'Next seed with' }).selectOption('crash');
    await click(page, 'Find');
    await page.locator('#line').filter({ hasNotText: '--seed 40 ' }).waitFor();
    await isRun(page);
    const seed = Number(
      await page.getByRole('spinbutton', { name: 'Seed', exact: true }).inputValue(),
    );
    const found = await record({ seed, calls: 100 });
    assert.ok(found.faults.some(({ kind }) => kind === 'crash'));
  },
  undefined,
  { permissions: ['clipboard-read', 'clipboard-write'] },
);

/** A script that finds what sticks out of the page, but for what scrolls or is cut by a drawing. */
const OUT = `[...document.querySelectorAll('body, body *')].filter((part) => {
  if (part.closest('.hidden, [hidden], svg, #uses, #list, #laws') !== null) return false;
  const { left, right } = part.getBoundingClientRect();
  return left < -0.5 || right > document.documentElement.clientWidth + 0.5;
}).map(({ tagName, id }) => tagName + ' ' + id)`;

for (const [width, colorScheme] of [[1280, 'light'], [390, 'light'], [320, 'dark']] as const) {
  const name = `at ${width} pixels, ${colorScheme}, nothing sticks out, and axe finds nothing`;
  const look = async (page: Page): Promise<void> => {
    const scrolls = 'document.documentElement.scrollWidth > document.documentElement.clientWidth';
    for (const bug of ['none', 'forget']) {
      if (bug === 'forget') {
        await page.goto(`${served.url}fleet.html#seed=${forgetting}&calls=200&bug=forget`);
        await page.getByRole('status').filter({ hasText: 'A law is broken' }).waitFor();
      }
      assert.equal(await page.evaluate(OUT), []);
      assert.is(await page.evaluate(scrolls), false);
      assert.equal(await axeViolations(page), []);
    }
  };
  test(name, look, `#seed=${SEED}&calls=${CALLS}&item=${ITEM}`, {
    viewport: { width, height: 800 },
    colorScheme,
    bypassCSP: true,
  });
}

shown.run();
