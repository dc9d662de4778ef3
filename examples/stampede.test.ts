import { type Browser, type Page } from 'playwright-core';
import * as assert from 'uvu/assert';
import { suite } from '../test/runner/suite.ts';
import { chromiumPath, launchChromium } from '../test/support/chromium.ts';
import { type Stampede, startStampede } from './stampede.ts';

const shown = suite('stampede example in Chromium');
const test = chromiumPath === null
  ? (name: string): void => shown.skip(`${name} (needs chromium)`)
  : (name: string, run: (page: Page) => Promise<void>): void => shown(name, () => inPage(run));
let stampede: Stampede;
let browser: Browser | null = null;

shown.before(async () => {
  stampede = await startStampede();
  if (chromiumPath !== null) browser = await launchChromium();
});
shown.after(async () => {
  await browser?.close();
  await stampede.close();
});

/** A new page; an error that it reports fails the test. */
async function inPage(run: (page: Page) => Promise<void>): Promise<void> {
  const page = await browser!.newPage({ viewport: { width: 390, height: 844 } });
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(error.message));
  try {
    await page.goto(stampede.url);
    await run(page);
    assert.equal(errors, []);
  } finally {
    await page.close();
  }
}

/** Deletes the report and waits until it is there again; returns the loads that it took. */
async function loadsAfterDelete(page: Page, mode: 'plain' | 'cache'): Promise<number> {
  await page.locator(`#${mode}`).click();
  await page.locator(`#${mode}[aria-pressed=true]`).waitFor();
  // It waits until there is one to be deleted.
  await page.getByRole('button', { name: 'Delete the report' }).click();
  await page.locator(`#${mode}-loads`).filter({ hasText: /^[1-9]\d*$/ }).waitFor();
  // Until requests find it again and none loads it, there may be more.
  await page.locator('#delete:enabled').waitFor();
  return Number(await page.locator(`#${mode}-loads`).innerText());
}

test('many loads with get and set, one with cache()', async (page) => {
  assert.ok(await loadsAfterDelete(page, 'plain') > 10);
  assert.is(await loadsAfterDelete(page, 'cache'), 1);
});

test('fits a phone', async (page) => {
  await page.locator('#loads rect').first().waitFor({ state: 'attached' });
  const width = await page.evaluate('document.documentElement.scrollWidth');
  assert.is(width, 390);
});

shown.run();
