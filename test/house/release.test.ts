// The release: what stops it, what it runs, and that both registries would take the package.
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import * as assert from 'uvu/assert';
import { suite } from '../runner/suite.ts';
import { temporaryDirectory } from '../support/temporary.ts';
import { ROOT } from './source.ts';
import { tarball } from './user-project.ts';

const house = suite('house: the release', 120_000);
const TSX = join(ROOT, 'node_modules/.bin/tsx');
const { PATH = '' } = process.env;

interface Release {
  readonly status: number | null;
  readonly output: string;
  /** The commands that were run. */
  readonly commands: readonly string[];
}

/** Releases a package of 1.2.3 with a `npm` and a `deno` that only note how they are called. */
function release(manifest: object, environment: Readonly<Record<string, string>> = {}): Release {
  const folder = temporaryDirectory();
  const log = join(folder, 'commands');
  const version = '1.2.3';
  for (const program of ['npm', 'deno']) {
    writeFileSync(join(folder, program), `#!/bin/sh\necho ${program} "$@" >> ${log}\n`);
    chmodSync(join(folder, program), 0o700);
  }
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'p', version, ...manifest }));
  writeFileSync(join(folder, 'deno.json'), JSON.stringify({ version }));
  writeFileSync(join(folder, 'CHANGELOG.md'), `# Changelog\n\n## ${version}\n\nAll is new.\n`);
  const { status, stdout, stderr } = spawnSync(TSX, [join(ROOT, 'package/release.ts')], {
    cwd: folder,
    env: { PATH: `${folder}${delimiter}${PATH}`, ...environment },
    encoding: 'utf8',
  });
  const commands = existsSync(log) ? readFileSync(log, 'utf8').trimEnd().split('\n') : [];
  return { status, output: stdout + stderr, commands };
}

const repository = 'github:someone/p';

house('without a repository nothing is published', () => {
  const { status, output, commands } = release({});
  assert.is(status, 1);
  assert.match(output, 'not ready: package.json has no `repository`');
  assert.equal(commands, []);
});

house('a version that the changelog or the tag does not have is not published', () => {
  const unknown = release({ repository, version: '1.2.4' });
  assert.is(unknown.status, 1);
  assert.match(unknown.output, 'CHANGELOG.md says nothing about 1.2.4');
  assert.match(unknown.output, 'deno.json has another version');
  const tagged = release({ repository }, { GITHUB_REF_TYPE: 'tag', GITHUB_REF_NAME: 'v1.2.2' });
  assert.is(tagged.status, 1);
  assert.equal([...unknown.commands, ...tagged.commands], []);
});

house('it is tried on both registries, then published on both, signed by a workflow', () => {
  const rehearsal = [
    'deno publish --dry-run --allow-dirty',
    'npm publish --dry-run --ignore-scripts',
    'deno publish',
    'npm view p@1.2.3 version',
  ];
  const { status, commands } = release({ repository });
  assert.is(status, 0);
  assert.equal(commands, [...rehearsal, 'npm publish --ignore-scripts --access public']);
  const signed = release({ repository }, { GITHUB_ACTIONS: 'true' });
  assert.is(signed.commands.at(-1), 'npm publish --ignore-scripts --access public --provenance');
});

house('JSR and npm would take the package as it is', () => {
  tarball();
  const { status, stdout, stderr } = spawnSync(TSX, ['package/release.ts', '--dry-run'], {
    cwd: ROOT,
    env: { ...process.env, PATH: `${join(ROOT, 'node_modules/.bin')}${delimiter}${PATH}` },
    encoding: 'utf8',
  });
  assert.is(status, 0, stdout + stderr);
  assert.match(stderr, /Dry run complete/);
  assert.match(stdout + stderr, /\+ memwire@\d/);
});

house('npm and JSR resolve every link of the README', () => {
  const text = readFileSync(join(ROOT, 'README.md'), 'utf8');
  const links = [...text.matchAll(/\]\(([^)\s]+)\)|(?:src|href)="([^"]+)"/g)]
    .map(([, link, other]) => link ?? other ?? '');
  assert.ok(links.length > 20);
  // They lead relative ones into the repository, which a release has; but JSR not those that begin
  // with a slash.
  for (const link of links) assert.match(link, /^https:\/\/|^[\w#]/);
});

house('workflows run .ci/run on each Node that the package is for, and publish by OIDC', () => {
  const read = (name: string): string =>
    readFileSync(join(ROOT, '.github/workflows', `${name}.yml`), 'utf8');
  const test = read('test');
  assert.match(test, /node: \[20, 22, 24\]\n/);
  assert.match(test, /- run: \.ci\/run\n/);
  const publish = read('release');
  assert.match(publish, /uses: \.\/\.github\/workflows\/test\.yml\n/);
  assert.match(publish, /needs: test\n/);
  assert.match(publish, /id-token: write\n/);
  assert.match(publish, /- run: npm run release\n/);
  assert.not.match(publish, /secrets\./);
});

house.run();
