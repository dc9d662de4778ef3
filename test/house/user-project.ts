// A project that has installed the package, as its users do.
import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { temporaryDirectory } from '../support/temporary.ts';
import { ROOT } from './source.ts';

/** The package as it is published. */
export interface Tarball {
  readonly file: string;
  /** The paths of its files. */
  readonly paths: readonly string[];
  /** A project in which it is installed. */
  readonly project: string;
}

let packed: Tarball | undefined;

/** Builds, packs and installs the package, once per process, because that takes seconds. */
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

/** A project in which the packed tarball is installed, and nothing else. */
export class UserProject {
  readonly #directory: string;

  /**
   * @param lib The libraries of TypeScript: by default only that of the language.
   * @param types Additional packages of types.
   */
  constructor(
    lib: readonly string[] = ['es2023', 'esnext.disposable'],
    types: readonly string[] = [],
  ) {
    this.#directory = temporaryDirectory();
    cpSync(tarball().project, this.#directory, { recursive: true, verbatimSymlinks: true });
    // The optional peer, without which memwire/otel cannot be imported.
    this.link('@opentelemetry/api');
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

  /** Adds a package to the project that this repository, or one of its folders, has installed. */
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

  /** Runs a program in the project; returns its output. Throws when it fails. */
  run(program: string, ...args: string[]): string {
    return run(this.#directory, program, args);
  }

  /** The same without blocking this process, for a program that connects to a server in it. */
  async start(program: string, ...args: string[]): Promise<string> {
    const options = { cwd: this.#directory, timeout: 180_000 };
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
    timeout: 180_000,
  });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}\n${stdout}${stderr}`);
  return stdout;
}
