// Publishes the package on JSR and npm, as it is in the working directory: `npm run release`.
// With `-- --dry-run` it only shows that both would take it. A release that failed half way can be
// repeated: what a registry has already is left alone.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly repository?: unknown;
}

const { values } = parseArgs({ options: { 'dry-run': { type: 'boolean', default: false } } });
const manifest = read('package.json');
const missing = whatIsMissing();
for (const one of missing) console.error(`not ready: ${one}`);
if (values['dry-run']) {
  rehearse();
} else if (missing.length > 0) {
  process.exitCode = 1;
} else {
  rehearse();
  publish();
}

function whatIsMissing(): string[] {
  const { version, repository } = manifest;
  const found: string[] = [];
  if (repository === undefined) {
    found.push('package.json has no `repository`, where the links of the README lead');
  }
  if (read('deno.json').version !== version) found.push('deno.json has another version');
  if (!readFileSync('CHANGELOG.md', 'utf8').includes(`\n## ${version}\n`)) {
    found.push(`CHANGELOG.md says nothing about ${version}`);
  }
  const { GITHUB_REF_TYPE: type, GITHUB_REF_NAME: name } = process.env;
  if (type === 'tag' && name !== `v${version}`) found.push(`${name} is not the tag of ${version}`);
  return found;
}

/** Both registries, before one of them has something: a version cannot be taken back. */
function rehearse(): void {
  run('deno', 'publish', '--dry-run', '--allow-dirty');
  run('npm', 'publish', '--dry-run', '--ignore-scripts');
}

function publish(): void {
  const { name, version } = manifest;
  // It passes over a version that is there.
  run('deno', 'publish');
  const { stdout } = spawnSync('npm', ['view', `${name}@${version}`, 'version'], {
    encoding: 'utf8',
  });
  if (stdout.trim() === version) return;
  // Only a workflow can prove where it runs.
  const provenance = process.env['GITHUB_ACTIONS'] === 'true' ? ['--provenance'] : [];
  run('npm', 'publish', '--ignore-scripts', '--access', 'public', ...provenance);
}

function read(file: string): Manifest {
  return JSON.parse(readFileSync(file, 'utf8')) as Manifest;
}

function run(program: string, ...args: string[]): void {
  const { status } = spawnSync(program, args, { stdio: 'inherit' });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${status}`);
}
