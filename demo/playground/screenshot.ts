// Takes the README's picture of the playground.
import { launchChromium } from '../../test/support/chromium.ts';

/** The typed lines in the picture. */
const LINES = [
  ...['set visits 41', 'incr visits', 'set greeting "hello, page" --expire 60'],
  'mg greeting v f t s',
];

/** Milliseconds of load in the charts. */
const LOAD = 45_000;

/** Takes a picture of the page in use. */
export async function takeScreenshot(url: string, file: string): Promise<void> {
  const browser = await launchChromium();
  try {
    const page = await browser.newPage({ viewport: { width: 1180, height: 736 } });
    await page.goto(url);
    await page.getByRole('button', { name: 'Run a small load' }).click();
    await page.waitForTimeout(LOAD);
    for (const line of LINES) {
      await page.getByRole('textbox', { name: 'Command' }).fill(line);
      await page.keyboard.press('Enter');
      await page.getByRole('button', { name: 'Run', exact: true }).waitFor();
    }
    await page.screenshot({ path: file });
  } finally {
    await browser.close();
  }
}
