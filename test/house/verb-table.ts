// Makes docs/verbs.md: `npm run docs`. Nothing in that page is written by hand: each cell is computed
// from the table of verbs, the vectors and the embedded server. It fails if a cell is empty.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  authCases,
  RawConnection,
  serverCases,
  type ServerContext,
} from '../../conformance/mod.ts';
import { commandVectors } from '../../conformance/vectors/commands.ts';
import { replyVectors } from '../../conformance/vectors/replies.ts';
import { requestVectors } from '../../conformance/vectors/requests.ts';
import { bytes, show, text } from '../../conformance/assert.ts';
import { isEmbeddedSince } from '../../conformance/server/since.ts';
import { MemoryServer, type ServerOptions } from '../../core/server/mod.ts';
import {
  type Command,
  CommandDecoder,
  encodeCommand,
  ReplyDecoder,
  type Verb,
  verbNotes,
  verbs,
} from '../../core/wire/mod.ts';
import { withSentBytes } from '../support/intercept.ts';
import { ROOT } from './source.ts';

export const FILE: string = join(ROOT, 'docs/verbs.md');

const introduction = `# Verbs

Made by \`npm run docs\` from [\`core/wire/verbs.ts\`](../core/wire/verbs.ts), the vectors in
\`conformance/vectors\` and the embedded server; a test fails when it is out of date.

- **encode**: a command of the verb and the bytes it becomes.
- **decode**: what those bytes are read as, and how many replies to the verb are read in the vectors.
- **embedded server**: the first line of its answer to those bytes, on an empty server.
- **test**: how many vectors and server cases speak of the verb. Every one of them runs whole, byte
  by byte and cut everywhere.
`;

const columns: readonly (readonly [string, (verb: Verb) => string])[] = [
  ['verb', (verb) => code(verb)],
  ['syntax', (verb) => code(verbNotes[verb].syntax)],
  ['class', (verb) => verbs[verb].class],
  ['keys', (verb) => verbs[verb].keys],
  ['reply', (verb) => verbs[verb].reply],
  ['quiet', (verb) => verbs[verb].quiet],
  ['idempotent', (verb) => (verbs[verb].idempotent ? 'yes' : 'no')],
  ['since', (verb) => verbNotes[verb].since],
];

/** The whole page. */
export async function verbTable(): Promise<string> {
  const sent = await serverCaseRequests();
  const rows: string[][] = [];
  for (const verb of Object.keys(verbs) as Verb[]) {
    const row = [
      ...columns.map(([, cell]) => cell(verb)),
      encodeCell(verb),
      decodeCell(verb),
      await serverCell(verb),
      testCell(verb, sent),
    ];
    if (row.some((cell) => cell === '')) throw new Error(`${verb} has an empty cell`);
    rows.push(row);
  }
  const head = [...columns.map(([name]) => name), 'encode', 'decode', 'embedded server', 'test'];
  const lines = [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`);
  return `${introduction}\n${lines.join('\n')}\n`;
}

function sample(verb: Verb): { command: Command; bytes: string } {
  const vectors = commandVectors.filter(({ command }) => command.verb === verb);
  // One that has a reply.
  const vector = vectors.find(({ command }) => !('noreply' in command && command.noreply));
  if (vector === undefined) throw new Error(`${verb} has no command vector`);
  return vector;
}

function encodeCell(verb: Verb): string {
  const vector = sample(verb);
  const encoded = text(encodeCommand(vector.command));
  if (encoded !== vector.bytes) throw new Error(`${verb} is encoded as ${encoded}`);
  return code(show(encoded).slice(1, -1));
}

function decodeCell(verb: Verb): string {
  const decoder = new CommandDecoder();
  decoder.push(bytes(sample(verb).bytes));
  decoder.authenticating = verb === 'auth';
  const command = decoder.next();
  const replies = replyVectors.filter(({ request }) => request.verb === verb);
  for (const { request, bytes: data, items = [], reply } of replies) {
    const replyDecoder = new ReplyDecoder();
    replyDecoder.push(bytes(data));
    const parts = items.length + (reply === null ? 0 : 1);
    for (let i = 0; i < parts; i++) {
      if (replyDecoder.next(request) === null) throw new Error(`${verb}: ${data} is not read`);
    }
  }
  if (command === null || !('verb' in command)) throw new Error(`${verb} is not read`);
  return replies.length === 0 ? '' : `${code(command.verb)}, ${count(replies.length, 'reply')}`;
}

async function serverCell(verb: Verb): Promise<string> {
  const options: Partial<ServerOptions> = verb === 'auth'
    ? { credentials: new Map([['user', 'pass']]) }
    : {};
  const { dial } = new MemoryServer(options);
  const connection = await RawConnection.open(dial, { path: 'memory' });
  connection.send(sample(verb).bytes);
  await new Promise((resolve) => setImmediate(resolve));
  const [line = ''] = connection.rest.split('\r\n');
  connection.close();
  return line === '' ? 'closes' : code(line);
}

// The requests that each server case sends to the embedded server.
async function serverCaseRequests(): Promise<string[]> {
  const all: string[] = [];
  for (const one of serverCases) {
    const { dial, clock } = new MemoryServer();
    let sent = '';
    const context: ServerContext = {
      dial: withSentBytes(dial, (data) => void (sent += text(data))),
      endpoint: { path: 'memory' },
      since: isEmbeddedSince,
      pass: (seconds) => Promise.resolve(clock.advance(seconds * 1000)),
      unique: () => 'unique00',
    };
    await one.run(context);
    all.push(`\n${sent}`);
  }
  return all;
}

function testCell(verb: Verb, sent: readonly string[]): string {
  const vectors = commandVectors.filter(({ command }) => command.verb === verb).length +
    replyVectors.filter(({ request }) => request.verb === verb).length +
    requestVectors.filter(({ reads }) =>
      reads.some((read) => typeof read === 'object' && read?.verb === verb)
    ).length;
  const cases = verb === 'auth'
    ? authCases.length
    : sent.filter((requests) => requests.includes(`\n${verb} `) || requests.includes(`\n${verb}\r`))
      .length;
  if (vectors === 0) return '';
  return count(vectors, 'vector') + (cases === 0 ? '' : `, ${count(cases, 'server case')}`);
}

function count(number: number, noun: string): string {
  if (number === 1) return `1 ${noun}`;
  return `${number} ${noun === 'reply' ? 'replies' : `${noun}s`}`;
}

function code(content: string): string {
  return `\`${content.replaceAll('|', '\\|')}\``;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  writeFileSync(FILE, await verbTable());
}
