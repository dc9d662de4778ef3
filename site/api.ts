// The API reference of the site: a page for each symbol, made by TypeDoc of the sources.
import { join } from 'node:path';
import { Application, PageEvent, type TypeDocOptions } from 'typedoc';
import type { PluginOptions } from 'typedoc-plugin-markdown';
import { entries } from '../package/entries.ts';

const ROOT = join(import.meta.dirname, '..');

/**
 * The names of the entries that are described. Others export the same for other runtimes; the core
 * has as many symbols as all of these, and docs/sans-io.md.
 */
const names: Readonly<Record<string, string>> = {
  node: 'memwire',
  'node-bridge': 'memwire/bridge',
  ...Object.fromEntries(
    [
      ...['server', 'testing', 'otel', 'prometheus', 'keyv', 'unstorage'],
      ...['express-session', 'rate-limiter-flexible', 'next', 'remix'],
    ].map((name) => [name, `memwire/${name}`]),
  ),
};

/** Writes the pages of the API into a folder. */
export async function writeApi(folder: string): Promise<void> {
  const files = new Map<string, string>();
  for (const [entry, file] of Object.entries(entries)) {
    const name = names[entry];
    if (name !== undefined) files.set(file.replace(/\.ts$/, ''), name);
  }
  const options: TypeDocOptions & Partial<PluginOptions> = {
    plugin: ['typedoc-plugin-markdown'],
    name: 'API',
    entryPoints: [...files.keys()].map((file) => join(ROOT, `${file}.ts`)),
    tsconfig: join(ROOT, 'site/tsconfig.api.json'),
    // tsc has checked them, in a newer version.
    skipErrorChecking: true,
    disableSources: true,
    excludeInternal: true,
    readme: 'none',
    router: 'member',
    outputs: [{ name: 'markdown', path: folder }],
    entryFileName: 'index',
    hidePageHeader: true,
    sortEntryPoints: false,
    logLevel: 'Error',
  };
  const app = await Application.bootstrapWithPlugins(options);
  app.renderer.on(PageEvent.END, (page: PageEvent) => {
    // Nearly every member of a client is inherited, which its users need not know.
    page.contents = page.contents?.replaceAll(/#+ Inherited from\n\n.*\n\n?/g, '') ?? '';
  });
  const project = await app.convert();
  if (project === undefined) throw new Error('TypeDoc cannot read the sources');
  for (const module of project.children ?? []) module.name = files.get(module.name) ?? module.name;
  await app.generateOutputs(project);
}
