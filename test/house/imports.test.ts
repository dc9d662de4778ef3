import { dirname } from 'node:path';
import * as assert from 'uvu/assert';
import { suite } from '../runner/suite.ts';
import { imports, sources } from './source.ts';

// Who may import whom. `core` stands for the few files at the top of that folder.
const core = ['core', 'core/io', 'core/wire', 'core/client', 'core/proxy', 'core/server'];
const arrows: Readonly<Record<string, readonly string[]>> = {
  'core/wire': ['core/wire'],
  'core/io': ['core/io', 'core/wire'],
  'core/client': ['core/client', 'core/io', 'core/wire'],
  'core/server': ['core/server', 'core/io', 'core/wire'],
  'core/proxy': ['core/proxy', 'core/io', 'core/wire'],
  'core/bridge': ['core/bridge', 'core/client', 'core/io', 'core/wire'],
  'core/testing': ['core/testing', 'core/server', 'core/client', 'core/io', 'core/wire'],
  core,
  'transport-node': ['transport-node', 'core/bridge', 'node', ...core],
  // Deno and Bun have the modules of Node, and take from there what their own ways lack.
  'transport-deno': ['transport-deno', 'transport-node', 'core/bridge', 'node', ...core],
  'transport-bun': ['transport-bun', 'transport-node', 'core/bridge', 'node', ...core],
  'transport-web': ['transport-web', 'core/bridge', ...core],
  'cli/console': ['cli/console', 'core/client', 'core/io', 'core/wire'],
  // It judges servers.
  cli: ['cli', 'cli/console', 'transport-node', 'conformance', 'core/bridge', 'node', ...core],
  conformance: ['conformance', ...core],
};

const house = suite('house: direction of imports');

for (const folder of new Set(Object.keys(arrows).map((part) => part.split('/')[0]!))) {
  house(`${folder} imports only what it may`, () => {
    const all = sources(folder);
    let seen = 0;
    for (const source of all) {
      const from = place(source.file);
      for (const target of imports(source)) {
        seen++;
        const to = target.startsWith('node:') ? 'node' : place(target);
        assert.ok(arrows[from]?.includes(to), `${source.file} imports ${target}`);
      }
    }
    assert.ok(seen > all.length, 'every folder has imports to look at');
  });
}

/** The part of the house that a file belongs to. */
function place(file: string): string {
  const folder = dirname(file);
  const part = Object.keys(arrows).find((name) => folder === name || folder.startsWith(`${name}/`));
  return part ?? file;
}

house.run();
