// A browser for tests.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { build } from 'esbuild';
import { type Browser, chromium, type Page } from 'playwright-core';
import { findProgram } from './memcached.ts';

const FLAGS = [
  ...['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
  ...['--disable-component-update', '--disable-sync'],
];

/** The path of Chromium on this machine, or null. */
export const chromiumPath: string | null = findProgram('chromium');

/** Starts Chromium. */
export function launchChromium(): Promise<Browser> {
  return chromium.launch({ executablePath: chromiumPath ?? '', args: FLAGS });
}

/** A browser for a test, and the server of its pages. */
export class TestBrowser {
  /** The origin of the pages: `http://127.0.0.1:40000`. */
  readonly origin: string;
  readonly #browser: Browser;
  readonly #http: ReturnType<typeof createServer>;

  private constructor(browser: Browser, http: ReturnType<typeof createServer>) {
    this.#browser = browser;
    this.#http = http;
    this.origin = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  }

  /** Bundles `entry`, a file of `test`, as a browser's build would, and serves it. */
  static async start(entry: string): Promise<TestBrowser> {
    const { outputFiles: [script] } = await build({
      entryPoints: [join(import.meta.dirname, '..', entry)],
      bundle: true,
      format: 'esm',
      platform: 'browser',
      write: false,
      sourcemap: 'inline',
    });
    const http = createServer((request, response) => {
      const isScript = request.url === '/page.js';
      response.setHeader('Content-Type', isScript ? 'text/javascript' : 'text/html');
      response.end(isScript ? script?.text : '<script type="module" src="/page.js"></script>');
    });
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    return new TestBrowser(await launchChromium(), http);
  }

  /** Opens a page with these parameters in its URL, and these functions in its global scope. */
  async open(
    parameters: Readonly<Record<string, string>> = {},
    functions: Readonly<Record<string, (argument: never) => unknown>> = {},
  ): Promise<Page> {
    const page = await this.#browser.newPage();
    for (const [name, call] of Object.entries(functions)) await page.exposeFunction(name, call);
    await page.goto(`${this.origin}/?${new URLSearchParams(parameters).toString()}`);
    return page;
  }

  async close(): Promise<void> {
    await this.#browser.close();
    this.#http.close();
  }
}
