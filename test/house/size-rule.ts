// Measures the lengths of functions, and finds files that are too small to stand alone.
import {
  isArrowFunction,
  isConstructorDeclaration,
  isFunctionDeclaration,
  isFunctionExpression,
  isGetAccessorDeclaration,
  isMethodDeclaration,
  isSetAccessorDeclaration,
  isSwitchStatement,
  isVariableDeclaration,
  type Node,
} from 'typescript/unstable/ast';
import type { ImportingFile } from './import-rule.ts';
import { type Source, walk } from './source.ts';

/** A function that has a body. */
export interface FunctionSize {
  /** With the path of its file: `core/server/session.ts handle`. */
  readonly name: string;
  /** Its number of lines, including the functions inside it. */
  readonly lines: number;
  /** The number of lines outside of its only switch. */
  readonly besidesSwitch: number;
}

/** Every function of a file. */
export function functionSizes({ file, tree }: Source): FunctionSize[] {
  const found: FunctionSize[] = [];
  walk(tree, (node) => {
    const body = bodyOf(node);
    if (body === undefined) return;
    const switches: number[] = [];
    body.forEachChild((statement) => {
      if (isSwitchStatement(statement)) switches.push(linesOf(statement));
    });
    const lines = linesOf(node);
    found.push({
      name: `${file} ${nameOf(node)}`,
      lines,
      besidesSwitch: lines - (switches.length === 1 ? switches[0]! : 0),
    });
  });
  return found;
}

/** The files with at most so many lines and a single importer, not counting any mod.ts. */
export function lonelyFiles(
  files: readonly (ImportingFile & { readonly lines: number })[],
  most: number,
): string[] {
  const own = files.filter(({ file }) => !/(^|\/)mod\.ts$/.test(file));
  return own
    .filter(({ file, lines }) =>
      lines <= most && own.filter(({ imports }) => imports.includes(file)).length === 1
    )
    .map(({ file }) => file);
}

function bodyOf(node: Node): Node | undefined {
  return isFunctionDeclaration(node) || isFunctionExpression(node) || isArrowFunction(node) ||
      isMethodDeclaration(node) || isConstructorDeclaration(node) ||
      isGetAccessorDeclaration(node) || isSetAccessorDeclaration(node)
    ? node.body
    : undefined;
}

function nameOf(node: Node): string {
  const named = isArrowFunction(node) || isFunctionExpression(node) ? node.parent : node;
  if (isConstructorDeclaration(named)) return 'constructor';
  return isFunctionDeclaration(named) || isMethodDeclaration(named) ||
      isGetAccessorDeclaration(named) || isSetAccessorDeclaration(named) ||
      isVariableDeclaration(named)
    ? named.name?.getText() ?? 'default'
    : 'a callback';
}

function linesOf(node: Node): number {
  return node.getText().split('\n').length;
}
