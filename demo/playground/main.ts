// npm run playground: a page to type commands in, on an embedded server behind a bridge.
//   --port PORT             the port of the page; a free one by default
//   --upstream HOST:PORT    a memcached instead of the embedded server
//   --screenshot FILE       makes the picture of the README instead; needs chromium
import { parseArgs } from 'node:util';
import { startPlayground } from './server.ts';

const { values } = parseArgs({
  options: {
    port: { type: 'string' },
    upstream: { type: 'string' },
    screenshot: { type: 'string' },
  },
});
const playground = await startPlayground({
  port: Number(values.port ?? 0),
  upstream: values.upstream ?? null,
});
if (values.screenshot === undefined) {
  console.log(`The playground is at ${playground.url} (Ctrl-C ends it)`);
  await new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, resolve);
  });
} else {
  const { takeScreenshot } = await import('./screenshot.ts');
  await takeScreenshot(playground.url, values.screenshot);
}
await playground.close();
