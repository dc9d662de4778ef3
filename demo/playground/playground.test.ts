import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import * as assert from 'uvu/assert';
import { WebSocket } from 'ws';
import { chromiumPath, launchChromium } from '../../test/support/chromium.ts';
import { suite } from '../../test/runner/suite.ts';
import { type Playground, startPlayground } from './server.ts';

const site = suite('playground: what is served');
let playground: Playground;

site.before(async () => {
  playground = await startPlayground();
});
site.after(() => playground.close());

site('the page runs nothing but its own script', async () => {
  const { status, headers } = await fetch(playground.url);
  assert.is(status, 200);
  const policy = headers.get('content-security-policy') ?? '';
  const { port } = playground.bridge.endpoint;
  for (const rule of ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'"]) {
    assert.ok(policy.includes(rule), policy);
  }
  assert.match(policy, new RegExp(`connect-src 'self' ws://127\\.0\\.0\\.1:${port}/$`));
  assert.is(headers.get('access-control-allow-origin'), null);
});

site('another name for this machine gets nothing, least of all the token', async () => {
  const response = await ask('/settings.json', 'rebound.example.org');
  assert.equal(response, 'HTTP/1.1 404 Not Found');
  const { host } = new URL(playground.url);
  assert.equal(await ask('/settings.json', host), 'HTTP/1.1 200 OK');
  assert.equal(await ask('/../server.ts', host), 'HTTP/1.1 404 Not Found');
});

site('the bridge serves its page alone', async () => {
  const { bridge, token } = await (await fetch(`${playground.url}settings.json`)).json() as {
    bridge: string;
    token: string;
  };
  const own = playground.url.slice(0, -1);
  assert.is(await knock(bridge, token, own), 'open');
  assert.match(await knock(bridge, token, 'http://127.0.0.1:1'), /403/);
  assert.match(await knock(bridge, 'a'.repeat(32), own), /401/);
});

/** The status line for a request with this `Host`. */
async function ask(path: string, host: string): Promise<string> {
  const socket = connect(Number(new URL(playground.url).port), '127.0.0.1');
  socket.end(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
  const [chunk] = await once(socket, 'data') as [Buffer];
  socket.destroy();
  return chunk.toString().split('\r\n')[0] ?? '';
}

/** The result of a WebSocket to the bridge: `open`, or its error. */
async function knock(bridge: string, token: string, origin: string): Promise<string> {
  const socket = new WebSocket(bridge, ['memcached', `bearer.${token}`], { origin });
  return await new Promise((resolve) => {
    socket.once('open', () => {
      resolve('open');
      socket.close();
    });
    socket.once('error', ({ message }) => resolve(message));
  });
}

site('npm run playground says where it is, and ends when it is asked to', async () => {
  const main = join(import.meta.dirname, 'main.ts');
  const child = spawn(process.execPath, ['--import', 'tsx', main], { stdio: 'pipe' });
  const [chunk] = await once(child.stdout, 'data') as [Buffer];
  const [url = ''] = /http:\/\/127\.0\.0\.1:\d+\//.exec(chunk.toString()) ?? [];
  assert.is((await fetch(url)).status, 200);
  child.kill('SIGINT');
  assert.equal(await once(child, 'close'), [0, null]);
});

site.run();

const shown = suite('playground in Chromium');
const test = chromiumPath === null
  ? (name: string): void => shown.skip(`${name} (needs chromium)`)
  : (name: string, run: (page: Page) => Promise<void>): void => shown(name, () => inPage(run));
let served: Playground;
let browser: Browser | null = null;

shown.before(async () => {
  served = await startPlayground();
  if (chromiumPath !== null) browser = await launchChromium();
});
shown.after(async () => {
  await browser?.close();
  await served.close();
});

/** A new page; an error that it reports fails the test. */
async function inPage(run: (page: Page) => Promise<void>): Promise<void> {
  if (browser === null) throw new Error('there is no browser');
  const page = await browser.newPage();
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(error.message));
  page.on('console', (message) => {
    // A missing file is no error of the page.
    const missing = message.text().startsWith('Failed to load resource');
    if (message.type() === 'error' && !missing) errors.push(message.text());
  });
  try {
    await page.goto(served.url);
    await page.getByRole('status').filter({ hasText: 'memcached 1.' }).waitFor();
    await run(page);
    assert.equal(errors, []);
  } finally {
    await page.close();
  }
}

async function goTo(page: Page, where: string): Promise<void> {
  await page.getByText(where, { exact: true }).click();
}

/** Types a line and waits for its end; returns its entry in the log. */
async function type(page: Page, line: string): Promise<string> {
  await page.getByRole('textbox', { name: 'Command' }).fill(line);
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Run', exact: true }).waitFor();
  return await page.getByRole('article').last().innerText();
}

test('a command shows its bytes both ways, its reply, and that as a value', async (page) => {
  assert.match(await type(page, 'set greeting "hello, page"'), /> ?\n?ms greeting 11 .*\\r\\n/);
  const got = await type(page, 'get greeting');
  assert.match(got, /^get greeting\n[\d.]+ ms · hit\n/);
  assert.match(
    got,
    />\nget greeting\\r\\n\n>\nmn\\r\\n\n<\nVALUE greeting 0 11\\r\\n\n<\nhello, page\\r\\n/,
  );
  assert.ok(got.includes('"hello, page" (11 bytes, flags 0)'), got);
  const value = '{"key":"greeting","status":"found","value":"hello, page","flags":0}';
  assert.ok(got.includes(value), got);
  assert.match(await type(page, 'get nobody'), /ms · miss\n[^]*nobody is not there/);
});

test('what cannot be obeyed is said, and the next command works', async (page) => {
  assert.match(await type(page, 'frobnicate'), /there is no command "frobnicate"/);
  assert.match(await type(page, 'get "a'), /a quote is not closed/);
  assert.match(await type(page, 'stats'), /ServerReplyError .*not allowed/);
  assert.match(await type(page, 'set n 1 --expire soon'), /--expire: "soon" is neither/);
  assert.match(await type(page, 'set n 1 --expire 60'), /stored/);
});

test('the server in the page has items of its own, and every command', async (page) => {
  await type(page, 'set where bridge');
  await goTo(page, 'In this page');
  await page.getByRole('status').filter({ hasText: 'memory of this page' }).waitFor();
  assert.match(await type(page, 'get where'), /where is not there/);
  assert.match(await type(page, 'stats'), /curr_items +0/);
  await type(page, 'set where page');
  await goTo(page, 'Through the bridge');
  assert.match(await type(page, 'get where'), /"bridge" \(6 bytes/);
  await goTo(page, 'In this page');
  assert.match(await type(page, 'get where'), /"page" \(4 bytes/);
});

test('it works where there is no bridge', async (page) => {
  await page.route('**/settings.json', (route) => route.abort());
  await page.route('ws://**', (route) => route.abort());
  await page.reload();
  await page.getByRole('status').filter({ hasText: 'memory of this page' }).waitFor();
  assert.ok(await page.getByLabel('Through the bridge').isDisabled());
  await type(page, 'set a 41');
  assert.match(await type(page, 'incr a'), /\n42\n/);
});

test('a load moves the figures and the charts, and ends', async (page) => {
  await page.getByRole('button', { name: 'Run a small load' }).click();
  await page.getByRole('img', { name: /^Latency .* median [\d.]+ ms, p99 [\d.]+ ms$/ }).waitFor();
  await page.getByRole('img', { name: /^Hit rate .* \d+ %$/ }).waitFor();
  await page.locator('#latency path.median[d*="L"]').waitFor();
  await page.locator('#hits path.hits[d*="L"]').waitFor();
  assert.match(await page.locator('#commands').innerText(), /^\d+$/);
  await page.getByRole('button', { name: 'Stop the load' }).click();
  await page.getByRole('button', { name: 'Run a small load' }).waitFor();
  assert.is(await page.getByRole('article').count(), 0);
});

test('the keyboard completes, recalls and stops', async (page) => {
  const line = page.getByRole('textbox', { name: 'Command' });
  await line.pressSequentially('rep');
  await page.keyboard.press('Tab');
  assert.is(await line.inputValue(), 'replace ');
  assert.match(await page.locator('#hint').innerText(), /^replace KEY \[VALUE\]/);
  assert.match(await type(page, 'get one'), /one is not there/);
  await page.keyboard.press('ArrowUp');
  assert.is(await line.inputValue(), 'get one');
  await line.fill('');
  await page.keyboard.press('Tab');
  assert.not(await line.evaluate((element) => element.matches(':focus')));
  await goTo(page, 'In this page');
  await line.fill('watch mutations');
  await page.keyboard.press('Enter');
  await page.getByText('watch mutations\\r\\n').waitFor();
  await page.keyboard.press('Escape');
  await page.getByText('interrupted').waitFor();
  await line.fill('watch mutations');
  await page.keyboard.press('Enter');
  await line.fill('get two');
  await page.keyboard.press('Enter');
  assert.is(await line.inputValue(), 'get two');
  await page.getByRole('button', { name: 'Stop', exact: true }).click();
  await page.getByText('interrupted').nth(1).waitFor();
});

test('the log has limits, and can be cleared', async (page) => {
  await goTo(page, 'In this page');
  await type(page, `get ${'a '.repeat(250)}`);
  assert.is(await page.getByRole('article').last().locator('.reply').count(), 200);
  const line = page.getByRole('textbox', { name: 'Command' });
  // By hand it takes seconds.
  await line.evaluate(async (input) => {
    for (let i = 0; i < 205; i++) {
      input.value = 'nothing';
      input.form?.requestSubmit();
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
  });
  assert.is(await page.locator('#log > *').count(), 200);
  await page.getByRole('button', { name: 'Clear' }).click();
  assert.is(await page.locator('#log > *').count(), 0);
});

shown.run();
