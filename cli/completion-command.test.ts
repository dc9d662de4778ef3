// The scripts of `memwire completion`, in the shells that they are for.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { suite } from '../test/runner/suite.ts';
import { say } from '../test/support/fake-terminal.ts';
import { findProgram } from '../test/support/memcached.ts';
import { temporaryDirectory } from '../test/support/temporary.ts';
import { commands } from './console/commands.ts';
import { connectionFlags, flagTable } from './console/flags.ts';
import { programs } from './help.ts';

const directory = temporaryDirectory();
writeFileSync(join(directory, 'login.txt'), '');

const names = [...commands, ...programs].map(({ name }) => name);
const common = [...connectionFlags, 'json' as const, 'help' as const];
const long = common.map((name) => `--${name}`);
const short = common.flatMap((name) => flagTable[name].short ?? []).map((letter) => `-${letter}`);

/** What a line is completed by, `$` being its end; flags are compared by their long names. */
const lines: readonly (readonly [line: string, words: readonly string[]])[] = [
  ['memwire ', [...names, 'help']],
  ['memwire ge', ['get', 'gets']],
  ['memwire -s localhost:11211 --json versi', ['version']],
  ['memwire --timeout 5 --di', ['--dialect']],
  ['memwire --dialect ', ['auto', 'meta', 'text']],
  ['memwire --dialect=m', ['meta']],
  ['memwire get --dialect t', ['text']],
  ['memwire get --', long],
  ['memwire set a b --', [...long, '--expire', '--flags']],
  ['memwire set a b --expire ', []],
  ['memwire stats se', ['settings']],
  ['memwire watch fetchers mu', ['mutations']],
  ['memwire raw --reply v', ['values']],
  ['memwire top cache-1 --in', ['--interval']],
  ['memwire version --auth-file log', ['login.txt']],
  ['memwire serve --memory-', ['--memory-limit', '--memory-file']],
  ['memwire serve --auth-file log', ['login.txt']],
  ['memwire bridge --token-file log', ['login.txt']],
  ['memwire completion ', ['bash', 'zsh', 'fish']],
  ['memwire help flu', ['flush']],
];

/** Runs a shell on this script; returns its output. */
async function run(shell: string, ...args: readonly string[]): Promise<string> {
  const child = spawn(shell, args, { cwd: directory, stdio: ['ignore', 'pipe', 'inherit'] });
  let out = '';
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString();
  });
  const [code] = await once(child, 'close');
  assert.is(code, 0);
  return out;
}

async function scriptOf(shell: string): Promise<string> {
  const { code, out } = await say(['completion', shell]);
  assert.is(code, 0);
  const file = join(directory, `memwire.${shell}`);
  writeFileSync(file, out);
  return file;
}

/** Compares the words that a shell finds, which are in groups that end with a line of `.` */
function compare(out: string, word: (line: string) => string): void {
  const groups = out.split(/^\.\n/m);
  for (const [index, [line, words]] of lines.entries()) {
    const found = groups[index]?.split('\n').filter((text) => text !== '').map(word) ?? [];
    assert.equal(found.filter((text) => !short.includes(text)).sort(), [...words].sort(), line);
  }
}

const completion = suite('memwire completion');

completion('an unknown shell is refused, and the known ones are named', async () => {
  const { code, out, err } = await say(['completion', 'tcsh']);
  assert.equal([code, out], [2, '']);
  assert.match(err, /^memwire completion: SHELL: "tcsh" is not one of bash, zsh, fish/);
  for (const words of [['completion', '--help'], ['help', 'completion']]) {
    const help = await say(words);
    assert.match(help.out, /eval "\$\(memwire completion bash\)"/);
    assert.is(help.code, 0);
  }
});

completion('bash completes commands, flags, their values and files', async () => {
  const file = await scriptOf('bash');
  const asked = lines.map(([line]) => `ask '${line}'`).join('\n');
  compare(
    await run(
      'bash',
      '-c',
      `source '${file}'
      ask() {
        COMP_LINE=$1 COMP_POINT=\${#1} COMPREPLY=()
        _memwire
        printf '%s\\n' "\${COMPREPLY[@]}" .
      }
      complete -p memwire | grep -q _memwire || exit 1
      ${asked}`,
    ),
    (word) => word,
  );
});

const fish = 'fish completes commands, flags, their values and files';

if (findProgram('fish') === null) completion.skip(`${fish} (needs fish)`);
else {completion(fish, async () => {
    const file = await scriptOf('fish');
    const asked = lines.map(([line]) => `complete -C '${line}'; echo .`).join('\n');
    const home = `set -x HOME '${directory}'`;
    compare(
      await run('fish', '--no-config', '-c', `${home}\nsource '${file}'\n${asked}`),
      // Behind a tab is the description; the value of --flag=value is given with the flag.
      (line) => (line.split('\t')[0] ?? '').replace(/^--\w+=/, ''),
    );
  });}

const zsh = 'zsh completes commands, flags, their values and files';

/** Lines that have one completion in zsh, which adds it to the line. */
const single = lines.filter(([, words]) => words.length === 1);

if (findProgram('zsh') === null || findProgram('script') === null) {
  completion.skip(`${zsh} (needs zsh)`);
} else {completion(zsh, async () => {
    const file = await scriptOf('zsh');
    assert.ok(single.length > 5);
    const child = spawn('script', ['-qec', 'stty cols 200; zsh -f -i', '/dev/null'], {
      cwd: directory,
      env: { ...process.env, HOME: directory, TERM: 'dumb' },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    let shown = '';
    child.stdout.on('data', (chunk: Buffer) => {
      shown += chunk.toString();
    });
    const type = async (keys: string, leadsTo: RegExp): Promise<string> => {
      shown = '';
      child.stdin.write(keys);
      for (;;) {
        const [, found] = leadsTo.exec(shown) ?? [];
        if (found !== undefined) return found;
        await once(child.stdout, 'data');
      }
    };
    // Ctrl-O prints the line, and empties it.
    child.stdin.write(
      `autoload -Uz compinit; compinit -u -D; source '${file}'
      tell() { zle -I; print -r -- "{$BUFFER}"; BUFFER=; }
      zle -N tell; bindkey '^O' tell; PS1='go''> '\n`,
    );
    await type('', /(go> )/);
    for (const [line, [word = '']] of single) {
      const begun = line.slice(0, Math.max(line.lastIndexOf(' '), line.lastIndexOf('=')) + 1);
      const found = await type(`${line}\t\x0f`, /\{(.*)\}/);
      assert.is(found.replace(/[ =]$/, ''), `${begun}${word}`);
    }
    child.stdin.end('exit\n');
    await once(child, 'close');
  });}

completion.run();
