import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { transform } from 'esbuild';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import * as assert from 'uvu/assert';
import { WebSocket } from 'ws';
import { axeViolations } from '../../test/support/axe.ts';
import { chromiumPath, launchChromium } from '../../test/support/chromium.ts';
import { suite } from '../../test/runner/suite.ts';
import { FakeTerminal } from '../../test/support/fake-terminal.ts';
import { temporaryDirectory } from '../../test/support/temporary.ts';
import { dial } from '../../transport-node/dial.ts';
import { listen } from '../../transport-node/listen.ts';
import { playgroundCommand } from '../../cli/playground-command.ts';
import { type Playground, startPlayground } from '../../cli/playground-server.ts';
import { Client } from '../../core/client/server-client.ts';
import { memoryDialer, Server } from '../../core/server/mod.ts';
import { bundlePage } from './bundle.ts';
import { showResult, steps } from './page/steps.ts';

const files = await bundlePage();

/** Starts a playground on an embedded server. */
function start(): Promise<Playground> {
  const dial = memoryDialer(new Server());
  const endpoint = { host: 'localhost', port: 11211 };
  return startPlayground({ files, upstream: { dial, endpoint, server: null } });
}

const site = suite('playground: what is served');
let playground: Playground;

site.before(async () => {
  playground = await start();
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

site('a server that is named is behind the bridge, which gives its keys a prefix', async () => {
  const server = new Server();
  const listener = await listen({ host: '127.0.0.1', port: 0 }, server.accept);
  const name = 'port' in listener.endpoint ? `127.0.0.1:${listener.endpoint.port}` : '';
  const terminal = new FakeTerminal();
  const ended = playgroundCommand([name], terminal, files);
  await terminal.stdout.says(/\n$/);
  const [, url = '', where] = /at (\S+), on (\S+) /.exec(terminal.stdout.text) ?? [];
  assert.is(where, name);
  const { bridge, token, upstream } = await (await fetch(`${url}settings.json`)).json() as Record<
    string,
    string
  >;
  assert.is(upstream, name);
  const socket = new WebSocket(bridge ?? '', ['memcached', `bearer.${token}`], {
    origin: url.slice(0, -1),
  });
  await once(socket, 'open');
  socket.send(Buffer.from('set a 0 0 4\r\nhere\r\n'));
  const [answer] = await once(socket, 'message') as [Buffer];
  assert.is(answer.toString(), 'STORED\r\n');
  socket.terminate();
  const client = new Client(name, { dial });
  assert.equal(await client.get('playground:a'), new TextEncoder().encode('here'));
  await client.close();
  terminal.stop();
  assert.is(await ended, 0);
  await listener.close();
  server.close();
});

site('a port that is taken is an error', async () => {
  const { port } = new URL(playground.url);
  const failure = await playgroundCommand(['--port', port], new FakeTerminal(), files)
    .catch((error: unknown) => error);
  assert.match(String(failure), /EADDRINUSE/);
});

site.run();

const shown = suite('playground in Chromium');
const test = chromiumPath === null
  ? (name: string): void => shown.skip(`${name} (needs chromium)`)
  : (name: string, run: (page: Page) => Promise<void>): void => shown(name, () => inPage(run));
let served: Playground;
let browser: Browser | null = null;

shown.before(async () => {
  served = await start();
  if (chromiumPath !== null) browser = await launchChromium();
});
shown.after(async () => {
  await browser?.close();
  await served.close();
});

/** A new page; an error that it reports fails the test. */
async function inPage(
  run: (page: Page) => Promise<void>,
  options: BrowserContextOptions = {},
  // A missing file is no error of the page.
  missing: RegExp = /^Failed to load resource/,
): Promise<void> {
  if (browser === null) throw new Error('there is no browser');
  const page = await browser.newPage(options);
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error' && !missing.test(message.text())) errors.push(message.text());
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
  assert.ok(await page.getByText('Through the bridge').isHidden());
  await type(page, 'set a 41');
  assert.match(await type(page, 'incr a'), /\n42\n/);
});

test('a load moves the figures and the charts, and ends', async (page) => {
  await page.getByRole('button', { name: 'Run a small load' }).click();
  await page.getByRole('img', { name: /^Latency .* median [\d.]+ ms, p99 [\d.]+ ms$/ }).waitFor();
  await page.getByRole('img', { name: /^Hit rate .* \d+ %$/ }).waitFor();
  for (const [id, shown] of [['latency', /^[\d.]+ ms$/], ['hits', /^\d+ %$/]] as const) {
    const figure = page.locator(`#${id}`);
    await figure.locator('td').filter({ hasText: shown }).first().waitFor({ state: 'attached' });
    assert.is(await figure.getByRole('row').count(), 61);
  }
  assert.match(await page.locator('#commands').innerText(), /^\d+$/);
  await page.getByRole('button', { name: 'Stop the load' }).click();
  await page.getByRole('button', { name: 'Run a small load' }).waitFor();
  assert.is(await page.getByRole('article').count(), 0);
});

test('the charts show the values under the pointer, both at one time', async (page) => {
  await page.getByRole('button', { name: 'Run a small load' }).click();
  const last = page.locator('#latency tbody tr').last().locator('td').last();
  await last.filter({ hasText: /^[\d.]+ ms$/ }).waitFor({ state: 'attached' });
  const over = page.locator('#latency .u-over');
  const { width = 0, height = 0 } = await over.boundingBox() ?? {};
  await over.hover({ position: { x: width - 1, y: height / 2 } });
  await page.locator('#latency .reading').getByText(/^[\d.]+ ms \/ [\d.]+ ms, now$/).waitFor();
  await page.locator('#hits .reading').getByText(/^\d+ %, now$/).waitFor();
  assert.is(await page.locator('.u-cursor-x:not(.u-off)').count(), 2);
  await over.hover({ position: { x: 1, y: height / 2 } });
  await page.locator('#latency .reading').getByText('– / –, 59 s ago').waitFor();
  await page.getByRole('heading', { level: 1 }).hover();
  assert.is(await page.locator('#latency .reading').innerText(), '');
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

test('an empty page leads through five steps, a click each', async (page) => {
  const results: string[] = [];
  assert.is(await page.locator('#steps button').count(), 5);
  await page.locator('#steps button').first().click();
  for (const [index, { code, type: kind }] of steps.entries()) {
    const entry = page.getByRole('article').nth(index);
    await entry.locator('.typed').waitFor();
    const lines = (await entry.innerText()).split(/\n+/);
    assert.is(lines[0], code);
    assert.match(lines[1] ?? '', /^[\d.]+ ms/);
    // Its bytes, without those that find out what the server speaks.
    assert.ok(lines.includes('>') && lines.includes('<'), lines.join('|'));
    assert.not.match(lines.join('\n'), /probe/);
    assert.is(lines.at(-1), kind);
    results.push(lines.at(-2) ?? '');
    const next = page.locator('#next-step');
    if (index + 1 < steps.length) {
      assert.match(await next.innerText(), new RegExp(`^Step ${index + 2} of 5: `));
      await next.click();
    } else assert.ok(await next.isHidden());
  }
  assert.equal(results, [
    'true',
    "'hello, page'",
    "Map(1) { 'greeting' => 'hello, page' }",
    'true',
    '42n',
  ]);
  await page.getByRole('button', { name: 'Clear' }).click();
  assert.is(await page.locator('#steps .done').count(), 5);
});

test('a refusal of the bridge explains itself, and works on the other server', async (page) => {
  assert.match(await type(page, 'stats'), /lets a page read and write items, and no more/);
  assert.match(await type(page, `get ${'k'.repeat(245)}`), /which may then have 250 bytes/);
  await page.getByRole('button', { name: 'Run it on the server in this page' }).first().click();
  await page.getByText('On the server in this page', { exact: true }).waitFor();
  await page.getByText(/^curr_items +0/m).waitFor();
  assert.ok(await page.getByLabel('In this page').isChecked());
});

const gone = 'a bridge that does not take the page is explained';

if (chromiumPath === null) shown.skip(`${gone} (needs chromium)`);
else {shown(gone, () =>
    inPage(
      async (page) => {
        const bridge = `ws://127.0.0.1:${served.bridge.endpoint.port}/`;
        // As after a restart.
        const json = { bridge, token: 'a'.repeat(32), upstream: null };
        await page.route('**/settings.json', (route) => route.fulfill({ json }));
        await page.reload();
        await page.getByRole('status').filter({ hasText: 'could not be opened' }).waitFor();
        assert.match(await type(page, 'get a'), /while memwire playground runs/);
      },
      {},
      /^(Failed to load resource|WebSocket connection to)/,
    ));}

/** A script that finds whatever sticks out of the page, or is cut by what it is in. */
const CUT = `[...document.querySelectorAll('body, body *')].filter((part) => {
  if (part.closest('.hidden, [hidden]') !== null || part.offsetParent === null) return false;
  const { left, right } = part.getBoundingClientRect();
  const isOut = left < -0.5 || right > document.documentElement.clientWidth + 0.5;
  // The input line scrolls.
  const isCut = part.id !== 'line' && part.clientWidth > 0 &&
    part.scrollWidth > part.clientWidth + 1;
  return isOut || isCut;
}).map(({ tagName, id, className, textContent }) =>
  [tagName, id, className, textContent.slice(0, 30)].join(' '))`;

for (const [width, colorScheme] of [[390, 'light'], [320, 'dark']] as const) {
  const options = { viewport: { width, height: 800 }, colorScheme, bypassCSP: true };
  const name = `at ${width} pixels, ${colorScheme}, nothing is cut, and axe finds nothing`;
  const look = async (page: Page): Promise<void> => {
    assert.equal(await page.evaluate(CUT), []);
    assert.equal(await axeViolations(page), []);
    assert.ok(await page.locator('#steps button').last().isVisible());
    await page.locator('#steps button').first().click();
    await page.locator('#next-step').filter({ hasText: 'Step 2' }).click();
    await page.locator('#next-step').filter({ hasText: 'Step 3' }).waitFor();
    await type(page, `set ${'long'.repeat(40)} ${'value'.repeat(40)} --expire 60`);
    await type(page, 'stats');
    await type(page, 'get nobody');
    await page.getByRole('button', { name: 'Run a small load' }).click();
    await page.getByRole('img', { name: /^Latency .* median [\d.]+ ms, p99 [\d.]+ ms$/ }).waitFor();
    await page.locator('#latency .u-over').hover();
    await page.locator('#latency .reading').getByText('ago').waitFor();
    assert.equal(await page.evaluate(CUT), []);
    assert.equal(await axeViolations(page), []);
  };
  if (chromiumPath === null) shown.skip(`${name} (needs chromium)`);
  else shown(name, () => inPage(look, options));
}

shown.run();

const lines = suite('playground: the steps');

lines('each line of TypeScript does what its step does', async () => {
  const clients = [new Server(), new Server()].map((server) =>
    new Client('localhost', { dial: memoryDialer(server) })
  );
  const [typed, run] = clients as [Client, Client];
  for (const step of steps) {
    const { code } = await transform(`export default async (client) => ${step.code}`, {
      loader: 'ts',
    });
    const module = await import(`data:text/javascript,${encodeURIComponent(code)}`) as {
      default(client: Client): Promise<unknown>;
    };
    assert.is(showResult(await module.default(typed)), showResult(await step.run(run)));
  }
  for (const client of clients) await client.close();
});

lines('each has the type that it shows', () => {
  const file = join(temporaryDirectory(), 'steps.ts');
  const root = join(import.meta.dirname, '../..');
  const calls = steps.map(({ code, type: shownType }, index) =>
    `const result${index} = ${code};\nequal<${shownType}>()(result${index});\n`
  );
  writeFileSync(
    file,
    `import type { Client, Key } from '${root}/transport-web/mod.ts';
    declare const client: Client;
    // Neither wider nor narrower.
    declare function equal<Shown>(): <Real>(
      value: [Shown] extends [Real] ? Real : never,
    ) => [Real] extends [Shown] ? void : never;
    ${calls.join('')}export {};\n`,
  );
  const tsc = join(root, 'node_modules/.bin/tsc');
  const { status, stdout } = spawnSync(tsc, [
    ...[file, '--noEmit', '--strict', '--module', 'esnext', '--moduleResolution', 'bundler'],
    ...['--target', 'es2022', '--lib', 'es2024,esnext.disposable,dom', '--skipLibCheck'],
    ...['--allowImportingTsExtensions', '--ignoreConfig', '--types', ''],
  ], { encoding: 'utf8' });
  assert.equal([status, stdout], [0, '']);
});

lines.run();
