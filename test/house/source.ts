// Source files parsed by TypeScript, for the tests of the repository's rules.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, relative } from 'node:path';
import {
  isCallExpression,
  isExportDeclaration,
  isIdentifier,
  isImportDeclaration,
  isImportTypeNode,
  isLiteralTypeNode,
  isStringLiteral,
  type Node,
  type SourceFile,
  SyntaxKind,
} from 'typescript/unstable/ast';
import { API } from 'typescript/unstable/sync';

export const ROOT: string = join(import.meta.dirname, '../..');

/** A source file, parsed. */
export interface Source {
  /** From the root of the project: `core/wire/ring.ts`. */
  readonly file: string;
  readonly tree: SourceFile;
}

/** The published files of a folder, which excludes tests. */
export function sources(folder: string): Source[] {
  const compiler = new API({ cwd: ROOT });
  try {
    const config = join(ROOT, folder, 'tsconfig.json');
    const [project] = compiler.updateSnapshot({ openProjects: [config] }).getProjects();
    if (project === undefined) throw new Error(`${config} is no project`);
    return project.rootFiles.map((path) => {
      const tree = project.program.getSourceFile(path);
      if (tree === undefined) throw new Error(`${path} cannot be read`);
      return { file: relative(ROOT, path), tree };
    });
  } finally {
    compiler.close();
  }
}

/** Files with these texts, parsed. */
export function written(...texts: readonly (readonly [file: string, text: string])[]): Source[] {
  const folder = mkdtempSync(join(tmpdir(), 'memwire-house-'));
  try {
    const names = texts.map((_, i) => `${i}.ts`);
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ files: names }));
    for (const [i, [, text]] of texts.entries()) writeFileSync(join(folder, names[i]!), text);
    const read = sources(relative(ROOT, folder));
    return texts.map(([file], i) => {
      const source = read.find((one) => basename(one.file) === names[i]);
      if (source === undefined) throw new Error(`${file} was not read`);
      return { file, tree: source.tree };
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Calls `visit` with every node under one. */
export function walk(node: Node, visit: (node: Node) => void): void {
  visit(node);
  node.forEachChild((child) => walk(child, visit));
}

/** What a file imports, types included: `core/wire/ring.ts`, `node:net`. */
export function imports({ file, tree }: Source): string[] {
  const found: string[] = [];
  walk(tree, (node) => {
    const from = isImportDeclaration(node) || isExportDeclaration(node)
      ? node.moduleSpecifier
      : isImportTypeNode(node) && isLiteralTypeNode(node.argument)
      ? node.argument.literal
      : isCallExpression(node) && node.expression.kind === SyntaxKind.ImportKeyword
      ? node.arguments[0]
      : undefined;
    if (from === undefined || !isStringLiteral(from)) return;
    found.push(from.text.startsWith('.') ? join(file, '..', from.text) : from.text);
  });
  return found;
}

/** Every name that a file mentions. */
export function identifiers({ tree }: Source): Set<string> {
  const found = new Set<string>();
  walk(tree, (node) => {
    if (isIdentifier(node)) found.add(node.text);
  });
  return found;
}
