// `memwire completion`: scripts that complete the command line in a shell.
import { checkWords, commands } from './console/commands.ts';
import { ownCommands } from './console/completion.ts';
import {
  CommandLine,
  connectionFlags,
  FlagError,
  type FlagName,
  flagTable,
  showWord,
} from './console/flags.ts';
import { bridgeFlags } from './bridge-command.ts';
import { bridgeProgram, commandHelp, completionProgram, programs, serveProgram } from './help.ts';
import { serveFlags } from './serve-flags.ts';
import { print, type Terminal } from './terminal.ts';

/** A flag, as shells complete it. */
interface Flag {
  readonly name: string;
  readonly short: string | undefined;
  readonly meaning: string;
  /** What its value may be; null for a flag without one. */
  readonly value: 'file' | 'any' | readonly string[] | null;
}

/** A command, as shells complete it. */
interface Entry {
  readonly name: string;
  readonly summary: string;
  readonly flags: readonly Flag[];
  /** Whether it takes the flags of the connection. */
  readonly connects: boolean;
  /** Words that its arguments may be. */
  readonly words: readonly string[];
}

const writers = { bash, zsh, fish } as const;

/**
 * Runs `memwire completion`: prints the script of a shell.
 *
 * @returns The exit code.
 * @throws FlagError for a shell that it does not know.
 */
export async function completionCommand(
  args: readonly string[],
  { stdout }: Terminal,
): Promise<number> {
  const line = new CommandLine(args, ['help']);
  if (line.has('help')) {
    await print(stdout, commandHelp(completionProgram, `${advice}\n`));
    return 0;
  }
  checkWords(completionProgram, line.words);
  const [shell = ''] = line.words;
  const found = Object.entries(writers).find(([name]) => name === shell);
  if (found === undefined) {
    throw new FlagError(`SHELL: "${showWord(shell)}" is not one of ${shells.join(', ')}`);
  }
  const [, write] = found;
  await print(stdout, write());
  return 0;
}

const shells = Object.keys(writers);

const advice = `In ~/.bashrc:                   eval "$(memwire completion bash)"
In ~/.zshrc, behind compinit:   source <(memwire completion zsh)
In ~/.config/fish/config.fish:  memwire completion fish | source`;

/** The flags of every command that connects to a server. */
const common: readonly Flag[] = flagsOf([...connectionFlags, 'json', 'help']);

/** The flags that may stand before a command, and have a value. */
const valued = common.filter(({ value }) => value !== null).flatMap(spellings);

function entries(): readonly Entry[] {
  const names = [...commands, ...programs].map(({ name }) => name);
  const help = ownCommands.filter(({ name }) => name === 'help');
  return [
    ...commands.map((row) => ({ ...row, flags: flagsOf(row.flags), connects: true })),
    ...programs.map((row): Entry => {
      const own = row === serveProgram ? serveFlags : row === bridgeProgram ? bridgeFlags : null;
      const connects = own === null && row !== completionProgram;
      // With --json, which some of them have in the table.
      const extra = row.flags.filter((name) => !common.some((flag) => flag.name === name));
      const flags = own === null ? flagsOf(connects ? extra : ['help']) : parsedFlags(own);
      return { ...row, flags, connects, words: row === completionProgram ? shells : [] };
    }),
    ...help.map((row) => ({ ...row, flags: [], connects: false, words: names })),
  ];
}

function flagsOf(names: readonly FlagName[]): readonly Flag[] {
  return names.map((name) => {
    const { short, meaning, value, choices } = flagTable[name];
    const kind = value === 'FILE' ? 'file' : 'any';
    return { name, short, meaning, value: value === undefined ? null : choices ?? kind };
  });
}

/** The flags of a program that Node's parser reads, whose help explains them. */
function parsedFlags(
  flags: Readonly<Record<string, { readonly type: string; readonly short?: string }>>,
): readonly Flag[] {
  return Object.entries(flags).map(([name, { type, short }]) => {
    const kind = /file|socket|cert|key$|ca$/.test(name) ? 'file' : 'any';
    return { name, short, meaning: '', value: type === 'boolean' ? null : kind };
  });
}

function spellings({ name, short }: Flag): string[] {
  return short === undefined ? [`--${name}`] : [`--${name}`, `-${short}`];
}

function bash(): string {
  const all = entries();
  const values = (pattern: string, flags: readonly Flag[]): string =>
    flags.filter(({ value }) => value !== null).map((flag) => {
      const patterns = spellings(flag).map((spelling) => `${pattern}' ${spelling}'`).join(' | ');
      const { value } = flag;
      if (value === 'file') return `    ${patterns}) _memwire_files "$word"; return ;;\n`;
      const words = Array.isArray(value) ? value.join(' ') : '';
      return `    ${patterns}) words='${words}' ;;\n`;
    }).join('');
  const cases = all.map(({ name, flags, connects, words }) =>
    `    ${name}) flags="${connects ? '$common ' : ''}${flags.flatMap(spellings).join(' ')}" ` +
    `words='${words.join(' ')}' ;;\n`
  ).join('');
  const own = all.filter(({ connects }) => !connects);
  return `# Completion of memwire for bash: eval "$(memwire completion bash)"
_memwire_files() {
  local IFS=$'\\n'
  compopt -o filenames 2>/dev/null
  COMPREPLY=($(compgen -f -- "$1"))
}

_memwire() {
  # Not COMP_WORDS, where host:port and --flag=value are three words each.
  local line="\${COMP_LINE:0:COMP_POINT}" word before='' command='' flags='' words='' index
  local common='${common.flatMap(spellings).join(' ')}'
  local -a typed
  read -ra typed <<<"$line"
  [[ $line == *[[:space:]] ]] && typed+=('')
  local last=$((\${#typed[@]} - 1))
  word="\${typed[last]}"
  for ((index = 1; index < last; index++)); do
    case "\${typed[index]}" in
    ${valued.join(' | ')}) ((index++)) ;;
    -*) ;;
    *) command="\${typed[index]}"; break ;;
    esac
  done
  before="\${typed[last - 1]}"
  if [[ $word == --*=* ]]; then
    before="\${word%%=*}" word="\${word#*=}"
  fi
  case "$command" in
    '') flags="$common --version" words='${all.map(({ name }) => name).join(' ')}' ;;
${cases}  esac
  case "$command $before" in
${own.map(({ name, flags }) => values(`'${name}'`, flags)).join('')}${values('*', common)}${
    values('*', all.filter(({ connects }) => connects).flatMap(({ flags }) => flags))
  }    *) [[ $word == -* ]] && words="$flags" ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}
complete -F _memwire memwire
`;
}

function zsh(): string {
  const all = entries();
  const cases = all.map(({ flags, connects, name, words }) => {
    const own = flags.map(zshFlag).join(' ');
    const rest = words.length === 0 ? "'*: :{false}'" : `'*: :(${words.join(' ')})'`;
    return `      ${name}) _arguments -s ${connects ? '$common ' : ''}${own} ${rest} ;;\n`;
  }).join('');
  const described = all.map(({ name, summary }) => `    ${single(`${name}:${summary}`)}\n`);
  return `#compdef memwire
# Completion of memwire for zsh, behind compinit: source <(memwire completion zsh)
_memwire() {
  local context state state_descr line
  typeset -A opt_args
  local -a common=(${common.map(zshFlag).join(' ')})
  local -a commands=(
${described.join('')}  )
  _arguments -C -s $common '--version[print the version]' '(-): :->command' '(-)*:: :->argument'
  case $state in
  command) _describe command commands ;;
  argument)
    case $words[1] in
${cases}    esac ;;
  esac
}
if [[ $funcstack[1] == _memwire ]]; then
  _memwire "$@"
else
  compdef _memwire memwire
fi
`;
}

function zshFlag({ name, short, meaning, value }: Flag): string {
  const about = `[${meaning.replaceAll(/[[\]:\\]/g, '\\$&')}]`;
  const after = value === null
    ? ''
    : value === 'file'
    ? ':file:_files'
    : value === 'any'
    ? ':value: '
    : `:value:(${value.join(' ')})`;
  const long = `--${name}${value === null ? '' : '='}`;
  if (short === undefined) return single(`${long}${about}${after}`);
  const letter = `-${short}${value === null ? '' : '+'}`;
  const others = `(--${name} -${short})`;
  return `${single(`${others}${long}${about}${after}`)} ${
    single(`${others}${letter}${about}${after}`)
  }`;
}

function fish(): string {
  const all = entries();
  const connecting = all.filter(({ connects }) => connects).map(({ name }) => name);
  const lines = all.flatMap(({ name, summary, flags, words }) => [
    `complete -c memwire -n '__memwire_in ""' -a ${name} -d ${single(summary)}`,
    ...flags.map((flag) => `complete -c memwire -n '__memwire_in ${name}'${fishFlag(flag)}`),
    ...(words.length === 0
      ? []
      : [`complete -c memwire -n '__memwire_in ${name}' -a '${words.join(' ')}'`]),
  ]);
  return `# Completion of memwire for fish: memwire completion fish | source
function __memwire_in
    set -l words (commandline -opc)
    set -l command ''
    set -e words[1]
    while set -q words[1]
        switch $words[1]
            case ${valued.join(' ')}
                set -e words[1]
            case '-*'
            case '*'
                set command $words[1]
                break
        end
        set -e words[1]
    end
    contains -- "$command" $argv
end
complete -c memwire -f
complete -c memwire -n '__memwire_in ""' -l version -d 'print the version'
${
    common.map((flag) =>
      `complete -c memwire -n '__memwire_in "" ${connecting.join(' ')}'${fishFlag(flag)}`
    ).join('\n')
  }
${lines.join('\n')}
`;
}

function fishFlag({ name, short, meaning, value }: Flag): string {
  const letter = short === undefined ? '' : ` -s ${short}`;
  const about = meaning === '' ? '' : ` -d ${single(meaning)}`;
  if (value === null) return ` -l ${name}${letter}${about}`;
  if (value === 'file') return ` -l ${name}${letter}${about} -r -F`;
  const words = value === 'any' ? '' : ` -a '${value.join(' ')}'`;
  return ` -l ${name}${letter}${about} -x${words}`;
}

/** A text in single quotes that each of the shells reads: a quote in it stands outside of them. */
function single(text: string): string {
  return `'${text.replaceAll("'", `'"'"'`)}'`;
}
