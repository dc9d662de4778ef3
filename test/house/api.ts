// Makes docs/api.md: `npm run docs`. Every name that an entry of the package exports, with the first
// sentence of its comment. It fails where a name has no comment.
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ROOT } from './source.ts';

export const FILE: string = join(ROOT, 'docs/api.md');

/** A name that an entry exports. */
export interface ExportedName {
  readonly name: string;
  readonly kind: 'value' | 'type';
  /** The file that declares it, from the root of the project. */
  readonly file: string;
  /** The first sentence of its comment; empty where it has none. */
  readonly meaning: string;
}

/** The entries of the package and their purpose; those of Deno and Bun are like Node's. */
export const entries: Readonly<Record<string, readonly [file: string, purpose: string]>> = {
  memwire: ['transport-node/mod.ts', 'clients, and what programs give them and get from them'],
  'memwire/web': ['transport-web/mod.ts', 'the client of pages; where it differs from `memwire`'],
  'memwire/workers': [
    'transport-web/workers.ts',
    'the client of Workers; where it differs from `memwire`',
  ],
  'memwire/core': ['core/mod.ts', 'parsers, state machines and executors, for proxies and servers'],
  'memwire/client': ['core/client/mod.ts', 'what clients are made of, to build others'],
  'memwire/server': ['core/server/mod.ts', 'the embedded memcached'],
  'memwire/testing': ['core/testing/mod.ts', 'a client on a server in memory, for tests'],
  'memwire/bridge': ['transport-node/bridge.ts', 'the bridge from WebSockets to memcached'],
  'memwire/otel': ['telemetry/otel.ts', 'spans and metrics for OpenTelemetry'],
  'memwire/prometheus': ['telemetry/prometheus.ts', 'counters as text for Prometheus'],
  'memwire/keyv': ['stores/keyv.ts', 'a storage adapter of Keyv, and of what is built on it'],
  'memwire/unstorage': ['stores/unstorage.ts', 'a driver of unstorage, for Nitro and Nuxt too'],
  'memwire/express-session': ['stores/express-session.ts', 'a store of express-session'],
  'memwire/rate-limiter-flexible': [
    'stores/rate-limiter-flexible.ts',
    'limiters of rate-limiter-flexible, counted in memcached',
  ],
  'memwire/next': ['stores/next.ts', 'a cache handler of Next'],
  'memwire/remix': ['stores/remix.ts', 'sessions of React Router and Remix'],
  'memwire/conformance': ['conformance/mod.ts', 'cases and servers as data'],
};

/** Every name that a file exports, in alphabetical order. */
export function exportsOf(file: string): ExportedName[] {
  const found = new Map<string, ExportedName>();
  collect(file, found);
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

const DECLARATION =
  /(?:\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*\n)?export (?:declare )?(abstract class|class|const|async function|function|interface|type) (\w+)/g;
const STAR = /export (type )?\* from '([^']+)';/g;
const LIST = /export (type )?\{([^}]*)\} from '([^']+)';/g;

function collect(file: string, found: Map<string, ExportedName>): void {
  const text = readFileSync(join(ROOT, file), 'utf8');
  const at = (specifier: string): string => join(dirname(file), specifier);
  for (const [, comment = '', keyword = '', name = ''] of text.matchAll(DECLARATION)) {
    const kind = /interface|type/.test(keyword) ? 'type' : 'value';
    // For its users, a value and a type of the same name are one class.
    const before = found.get(name);
    const meaning = firstSentence(comment) || (before?.meaning ?? '');
    if (before?.kind === 'value') found.set(name, { ...before, meaning });
    else found.set(name, { name, kind, file, meaning });
  }
  for (const [, onlyTypes, specifier = ''] of text.matchAll(STAR)) {
    const inner = new Map<string, ExportedName>();
    collect(at(specifier), inner);
    for (const [name, one] of inner) {
      if (!found.has(name)) {
        found.set(name, onlyTypes === undefined ? one : { ...one, kind: 'type' });
      }
    }
  }
  for (const [, onlyTypes, list = '', specifier = ''] of text.matchAll(LIST)) {
    const inner = new Map<string, ExportedName>();
    collect(at(specifier), inner);
    for (const word of list.split(',').map((one) => one.trim()).filter((one) => one !== '')) {
      const name = word.replace(/^type /, '');
      const one = inner.get(name);
      if (one === undefined) throw new Error(`${file} exports ${name}, which ${specifier} has not`);
      const isType = onlyTypes !== undefined || word.startsWith('type ');
      found.set(name, isType ? { ...one, kind: 'type' } : one);
    }
  }
}

function firstSentence(comment: string): string {
  const text = comment.replace(/^\s*\* ?/gm, '').split(/\n\s*\n|\n@/)[0]!.replace(/\s+/g, ' ')
    .trim();
  const [sentence = ''] = /^.*?[.:](?= |$)/.exec(text) ?? [text];
  return sentence.replace(/:$/, '.');
}

/** The whole page. */
export function apiPage(): string {
  const main = new Set(exportsOf(entries['memwire']![0]).map(({ name }) => name));
  const sections = Object.entries(entries).map(([entry, [file, purpose]]) => {
    const all = exportsOf(file);
    const shown = file.startsWith('transport-web/')
      ? all.filter(({ name }) => isOwn(name, file, main))
      : all;
    const part = (title: string, kind: ExportedName['kind']): string => {
      const rows = shown.filter((one) => one.kind === kind)
        .map(({ name, meaning }) => `| \`${name}\` | ${meaning.replaceAll('|', '\\|')} |`);
      return rows.length === 0 ? '' : `\n| ${title} | |\n| --- | --- |\n${rows.join('\n')}\n`;
    };
    return `## ${entry}\n\n${purpose[0]!.toUpperCase()}${purpose.slice(1)}.\n` +
      part('values', 'value') + part('types', 'type');
  });
  return `# Exports\n\nMade by \`npm run docs\` from the sources; a test fails when it is out of date.\n\n${
    sections.join('\n')
  }`;
}

function isOwn(name: string, file: string, main: ReadonlySet<string>): boolean {
  const declared = exportsOf(file).find((one) => one.name === name);
  return !main.has(name) || declared?.file.startsWith('transport-web') === true;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) writeFileSync(FILE, apiPage());
