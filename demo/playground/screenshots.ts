// Takes the README's pictures of the playground and of the console.
import type { Browser } from 'playwright-core';
import { main } from '../../cli/main.ts';
import { startPlayground } from '../../cli/playground-server.ts';
import { memoryDialer, Server } from '../../core/server/mod.ts';
import { launchChromium } from '../../test/support/chromium.ts';
import { FakeTerminal } from '../../test/support/fake-terminal.ts';
import { temporaryDirectory } from '../../test/support/temporary.ts';
import { bundlePage } from './bundle.ts';

/** The typed lines in the picture of the playground. */
const TYPED = ['mg greeting v f t s'];

/** The typed lines in the picture of the console. */
const LINES = [
  ...['set greeting "hello\\n" --expire 60', 'gets greeting', 'wire on', 'get nobody'],
  ...['mg greeting v t f', 'incr greeting'],
];

/** Milliseconds of load in the charts. */
const LOAD = 45_000;

/** Writes `docs/playground.png` and `docs/console.png`. */
export async function takeScreenshots(): Promise<void> {
  const browser = await launchChromium();
  try {
    await takePlayground(browser, 'docs/playground.png');
    await takeConsole(browser, 'docs/console.png');
  } finally {
    await browser.close();
  }
}

async function takePlayground(browser: Browser, file: string): Promise<void> {
  const upstream = {
    dial: memoryDialer(new Server()),
    endpoint: { host: 'localhost', port: 11211 },
    server: null,
  };
  const playground = await startPlayground({ files: await bundlePage(), upstream });
  const page = await browser.newPage({ viewport: { width: 1180, height: 736 } });
  await page.goto(playground.url);
  await page.getByRole('button', { name: 'Run a small load' }).click();
  await page.waitForTimeout(LOAD);
  await page.locator('#steps button').first().click();
  for (const step of [2, 3, 4]) {
    await page.locator('#next-step').filter({ hasText: `Step ${step} of 5` }).click();
  }
  for (const line of TYPED) {
    await page.getByRole('textbox', { name: 'Command' }).fill(line);
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Run', exact: true }).waitFor();
  }
  await page.screenshot({ path: file });
  await playground.close();
}

/** The colours of the codes that the console writes. */
const colours: Readonly<Record<string, string>> = {
  1: 'font-weight: 700',
  31: 'color: #ff8f86',
  32: 'color: #4fc79d',
  33: 'color: #e0b060',
  34: 'color: #7fb0ff',
};

async function takeConsole(browser: Browser, file: string): Promise<void> {
  const terminal = new FakeTerminal({ HOME: temporaryDirectory(), TERM: 'xterm' });
  terminal.stdin.isTTY = terminal.stdout.isTTY = terminal.stderr.isTTY = true;
  // Both outputs are the one screen.
  terminal.stderr._write = terminal.stdout._write.bind(terminal.stdout);
  const ended = main(['console'], terminal);
  for (const [index, line] of LINES.entries()) {
    await terminal.stdout.says(new RegExp(`(memwire> [^]*){${index + 1}}$`));
    terminal.stdin.write(`${line}\r`);
  }
  await terminal.stdout.says(new RegExp(`(memwire> [^]*){${LINES.length + 1}}$`));
  terminal.stdin.write('\x04');
  await ended;
  const page = await browser.newPage({ viewport: { width: 820, height: 100 } });
  await page.setContent(
    `<body style="margin: 0; padding: 18px 22px; background: #121417; color: #e4e7ea">
    <pre style="margin: 0; font: 14px/1.55 'DejaVu Sans Mono', monospace">$ npx memwire console
${toHtml(terminal.stdout.text.trimEnd())}</pre>`,
  );
  await page.screenshot({ path: file, fullPage: true });
}

/** Coloured text as HTML; codes that move the cursor are left out. */
function toHtml(text: string): string {
  return text.replaceAll(/[&<]/g, (sign) => (sign === '&' ? '&amp;' : '&lt;'))
    .replaceAll(/\x1b\[(\d+)m/g, (_, code: string) => {
      const style = colours[code];
      return style === undefined ? '</span>' : `<span style="${style}">`;
    })
    .replaceAll(/\x1b\[[\d;?]*[A-Za-z]|\r/g, '');
}
