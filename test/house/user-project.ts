import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { temporaryDirectory } from '../support/temporary.ts';
import { ROOT } from './source.ts';

/** The package as it is published. */
export interface Tarball {
  readonly file: string;
  /** The paths of what is in it. */
  readonly paths: readonly string[];
  /** A project that has installed it. */
  readonly project: string;
}

let packed: Tarball | undefined;

/** Builds, packs and installs the package, once a process: that takes seconds. */
export function tarball(): Tarball {
  return packed ??= pack(temporaryDirectory());
}

function pack(project: string): Tarball {
  run(ROOT, 'npm', ['run', '--silent', 'build']);
  const [{ filename, files }] = JSON.parse(
    run(ROOT, 'npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', project]),
  ) as [{ filename: string; files: { path: string }[] }];
  const file = join(project, filename);
  const manifest = '{ "name": "user", "private": true, "type": "module" }';
  writeFileSync(join(project, 'package.json'), manifest);
  run(project, 'npm', ['install', '--offline', '--no-audit', '--no-fund', file]);
  return { file, paths: files.map(({ path }) => path), project };
}

/** A project of somebody who has installed the packed tarball, and nothing else. */
export class UserProject {
  readonly #directory: string;

  /**
   * @param lib What TypeScript knows of the runtime: by default only the language.
   * @param types Packages of types that are known besides.
   */
  constructor(
    lib: readonly string[] = ['es2023', 'esnext.disposable'],
    types: readonly string[] = [],
  ) {
    this.#directory = temporaryDirectory();
    cpSync(tarball().project, this.#directory, { recursive: true, verbatimSymlinks: true });
    this.write(
      'tsconfig.json',
      JSON.stringify({
        compilerOptions: {
          target: 'es2022',
          lib,
          types,
          module: 'nodenext',
          rewriteRelativeImportExtensions: true,
          strict: true,
          exactOptionalPropertyTypes: true,
          skipLibCheck: false,
          rootDir: '.',
          outDir: 'out',
        },
        include: ['*.ts'],
      }),
    );
  }

  /** Gives the project a package that this one has, or the one in another folder has. */
  link(name: string, owner: string = ROOT): void {
    const link = join(this.#directory, 'node_modules', name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(owner, 'node_modules', name), link);
  }

  write(file: string, text: string): void {
    writeFileSync(this.path(file), text);
  }

  /** The path of a file in the project. */
  path(file: string): string {
    return join(this.#directory, file);
  }

  /** Copies a file of the repository into the root of the project. */
  copy(file: string): void {
    cpSync(join(ROOT, file), join(this.#directory, basename(file)));
  }

  /** Compiles every `*.ts` strictly, the package's types too, into `out`. */
  compile(): void {
    this.run(join(ROOT, 'node_modules/.bin/tsc'), '-p', '.');
  }

  /** Runs a program here; gives what it printed. Throws when it fails. */
  run(program: string, ...args: string[]): string {
    return run(this.#directory, program, args);
  }

  /** The same while this process goes on, for a program that talks to a server in it. */
  async start(program: string, ...args: string[]): Promise<string> {
    const options = { cwd: this.#directory, timeout: 60_000 };
    return (await promisify(execFile)(program, args, options)).stdout;
  }

  /** The same for a program that runs until it is killed. */
  spawn(program: string, ...args: string[]): ChildProcess {
    return spawn(program, args, { cwd: this.#directory, stdio: ['ignore', 'pipe', 'inherit'] });
  }
}

function run(directory: string, program: string, args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(program, args, {
    cwd: directory,
    encoding: 'utf8',
    timeout: 60_000,
  });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}\n${stdout}${stderr}`);
  return stdout;
}
