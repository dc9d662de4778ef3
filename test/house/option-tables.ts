// Makes docs/client.md: `npm run docs`. Names and defaults come from the tables by which clients read
// their options, types and descriptions from the interfaces and their comments. It fails if an option
// has no comment, or if a comment states a different default than the table.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { isInterfaceDeclaration, isPropertySignatureDeclaration } from 'typescript/unstable/ast';
import {
  clientTable,
  hashClientTable,
  pooledClientTable,
  poolTable,
} from '../../core/client/options.ts';
import { fallbackTable } from '../../core/client/wrappers/fallback-client.ts';
import { retryTable } from '../../core/client/wrappers/retrying.ts';
import { ROOT, sources, walk } from './source.ts';

export const FILE: string = join(ROOT, 'docs/client.md');

type Table = Readonly<Record<string, readonly [rule: unknown, byDefault: unknown]>>;

/** An option as the source declares it. */
interface Member {
  readonly type: string;
  readonly meaning: string;
  /** The text after `@default`. */
  readonly byDefault: string | null;
}

type Members = ReadonlyMap<string, Member>;

const introduction = `# Options

Made by \`npm run docs\` from the tables in [\`core/client\`](../core/client/options.ts) by which clients
read their options; a test fails when it is out of date. [guide.md](guide.md) says what a client does.

An unknown option is refused with a \`UsageError\` that names the option that is probably meant, and so
is a value that breaks the option's rule. An option that is \`undefined\` has its default.
`;

/** The whole page. */
export function optionPage(): string {
  const interfaces = new Map(
    sources('core').flatMap(({ tree }) => {
      const found: [string, Members][] = [];
      walk(tree, (node) => {
        if (isInterfaceDeclaration(node)) found.push([node.name.text, membersOf(node.members)]);
      });
      return found;
    }),
  );
  const of = (name: string): Members => {
    const members = interfaces.get(name);
    if (members === undefined) throw new Error(`there is no interface ${name}`);
    return members;
  };
  const hashOnly = Object.fromEntries(
    Object.entries(hashClientTable).filter(([name]) => !(name in pooledClientTable)),
  );
  const sections = [
    introduction,
    '## Of every client',
    tableOf(clientTable, [
      of('ClientSettings'),
      of('ClientConnectionOptions'),
      of('ProofOptions'),
      of('RingLimits'),
      of('LivenessOptions'),
      of('ReplyLimits'),
    ], pooledClientTable),
    '## Of a PooledClient and a HashClient',
    tableOf(poolTable, [of('PoolOptions')], pooledClientTable),
    '## Of a HashClient',
    tableOf(hashOnly, [of('HashClientSettings'), of('HealthOptions')]),
    '## Of a RetryingClient',
    tableOf(retryTable, [of('RetrySettings')]),
    '## Of a FallbackClient',
    tableOf(fallbackTable, [of('FallbackOptions')]),
    '## Of a call',
    'Reads take the first two, writes also `noreply`, what stores also `expire` and `flags`, and\n' +
    '`setMany` and `deleteMany` also `quiet`. `meta` has options of its own, one for each flag; so have\n' +
    '`lock`, `rateLimit`, `namespace`, and `incr` and `decr` with `initial`:\n' +
    '[locks-and-limits.md](locks-and-limits.md).',
    tableOf(callTable, [
      of('ExecuteOptions'),
      of('WriteOptions'),
      of('StoreOptions'),
      of('BulkOptions'),
    ]),
  ];
  return `${sections.map((section) => section.trim()).join('\n\n')}\n`;
}

/** These have no table: their defaults depend on the client and its serde. */
const callTable: Table = Object.fromEntries(
  ['timeout', 'signal', 'noreply', 'expire', 'flags', 'quiet'].map((name) => [
    name,
    [null, undefined],
  ]),
);

/** @param pooled Defaults of a `PooledClient` that differ. */
function tableOf(table: Table, places: readonly Members[], pooled?: Table): string {
  const rows = Object.entries(table).map(([name, [, byDefault]]) => {
    const member = places.find((members) => members.has(name))?.get(name);
    if (member === undefined || member.meaning === '') throw new Error(`${name} has no comment`);
    const other = pooled?.[name]?.[1];
    const value = other === undefined || other === byDefault
      ? shown(byDefault)
      : `${shown(byDefault)}; in a \`PooledClient\` ${shown(other)}`;
    if (value !== null && value !== member.byDefault && byDefault !== undefined) {
      throw new Error(`${name} is ${value} by default, and its comment says ${member.byDefault}`);
    }
    if (byDefault === undefined && member.byDefault !== null) {
      throw new Error(`${name} has no default, and its comment says ${member.byDefault}`);
    }
    return [
      `\`${name}\``,
      code(member.type),
      defaultCell(byDefault, member.byDefault),
      member.meaning,
    ];
  });
  const head = ['option', 'type', 'default', 'meaning'];
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

/** A default as a comment must spell it; null for one that has to be described in words. */
function shown(value: unknown): string | null {
  if (typeof value === 'string') return `'${value}'`;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return null;
}

function defaultCell(value: unknown, comment: string | null): string {
  if (value === undefined) return '';
  if (comment === null) throw new Error(`a default of the type ${typeof value} has no comment`);
  const size = typeof value === 'number' && value >= 2 ** 20 && value % 2 ** 20 === 0
    ? ` (${value / 2 ** 20} MiB)`
    : '';
  return /[ `]/.test(comment) && !comment.startsWith('[') ? comment : `${code(comment)}${size}`;
}

function membersOf(nodes: Iterable<Parameters<typeof isPropertySignatureDeclaration>[0]>): Members {
  const members = new Map<string, Member>();
  for (const node of nodes) {
    if (!isPropertySignatureDeclaration(node)) continue;
    const [, comment = ''] = /\/\*\*([^]*?)\*\/\s*$/.exec(
      node.getSourceFile().text.slice(node.pos, node.getStart()),
    ) ?? [];
    const text = comment.replaceAll(/^\s*\* ?/gm, '').replaceAll(/\s+/g, ' ').trim();
    const [meaning = '', byDefault = null] = text.split(' @default ');
    members.set(node.name.getText(), {
      // That an option may be undefined is said once, above the tables.
      type: (node.type?.getText() ?? '').replaceAll(/\s+/g, ' ')
        .replace(/^(?:\((.*)\)|(.*)) \| undefined$/, '$1$2'),
      meaning,
      byDefault,
    });
  }
  return members;
}

function code(content: string): string {
  return `\`${content.replaceAll('|', '\\|')}\``;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  writeFileSync(FILE, optionPage());
}
