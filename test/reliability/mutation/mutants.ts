// Mutants of a file: small changes, each of which a test should notice.
import {
  isBinaryExpression,
  isExportDeclaration,
  isExpressionStatement,
  isImportDeclaration,
  isInterfaceDeclaration,
  isNewExpression,
  isNumericLiteral,
  isPostfixUnaryExpression,
  isPrefixUnaryExpression,
  isPropertyAssignment,
  isStringLiteral,
  isTemplateExpression,
  isTypeAliasDeclaration,
  isTypeNode,
  isTypeParameterDeclaration,
  type Node,
  type SourceFile,
  SyntaxKind,
} from 'typescript/unstable/ast';
import { written } from '../../house/source.ts';

/** A change of a file. */
export interface Mutant {
  /** Its number in the file, from 1. */
  readonly id: number;
  readonly kind: string;
  /** From 1. */
  readonly line: number;
  /** What is changed, on one line. */
  readonly from: string;
  readonly to: string;
}

/** A file with all of its mutants, one of which is active: `globalThis.activeMutant`. */
export interface MutableFile {
  readonly mutants: readonly Mutant[];
  /** The text of the file, in which each mutated place asks which mutant is active. */
  readonly text: string;
}

type Swap = readonly [operator: string, kind: string];

/** What becomes of each operator. */
const swaps: ReadonlyMap<string, readonly Swap[]> = new Map<string, readonly Swap[]>([
  ['+', [['-', 'arithmetic']]],
  ['-', [['+', 'arithmetic']]],
  ['*', [['/', 'arithmetic']]],
  ['/', [['*', 'arithmetic']]],
  ['%', [['*', 'arithmetic']]],
  ['<<', [['>>', 'arithmetic']]],
  ['>>', [['<<', 'arithmetic']]],
  ['>>>', [['<<', 'arithmetic']]],
  ['&', [['|', 'arithmetic']]],
  ['|', [['&', 'arithmetic']]],
  ['^', [['&', 'arithmetic']]],
  ['+=', [['-=', 'arithmetic']]],
  ['-=', [['+=', 'arithmetic']]],
  ['<', [['<=', 'boundary'], ['>=', 'comparison']]],
  ['<=', [['<', 'boundary'], ['>', 'comparison']]],
  ['>', [['>=', 'boundary'], ['<=', 'comparison']]],
  ['>=', [['>', 'boundary'], ['<', 'comparison']]],
  ['===', [['!==', 'comparison']]],
  ['!==', [['===', 'comparison']]],
  ['&&', [['||', 'boolean']]],
  ['||', [['&&', 'boolean']]],
]);

/** Makes the mutants of a file. Types, imports and the texts of errors have none. */
export function mutate(name: string, source: string): MutableFile {
  const file = written([name, source])[0]!.tree;
  const mutants: Mutant[] = [];

  /** The text of a node, in which its parts are mutated. */
  function emit(node: Node): string {
    if (isFixed(node)) return node.getFullText(file);
    const inner = emitParts(node);
    const leading = source.slice(node.pos, node.getStart(file));
    const text = inner.slice(leading.length);
    if (isExpressionStatement(node)) {
      const drop = add(node, 'dropped statement', '');
      // In braces of its own, so that an `else` that follows is not its.
      return `${leading}{ if (activeMutant !== ${drop}) { ${text} } }`;
    }
    const choices = alternatives(node, file);
    const chosen = choices.reduce(
      (rest, [to, kind]) => `activeMutant === ${add(node, kind, to)} ? (${to}) : ${rest}`,
      `(${text})`,
    );
    return choices.length === 0 ? inner : `${leading}(${chosen})`;
  }

  function emitParts(node: Node): string {
    let [text, at] = ['', node.pos];
    node.forEachChild((child) => {
      text += source.slice(at, child.pos) + emit(child);
      at = child.end;
    });
    return text + source.slice(at, node.end);
  }

  function add(node: Node, kind: string, to: string): number {
    const start = node.getStart(file);
    const line = file.getLineAndCharacterOfPosition(start).line + 1;
    const from = source.slice(start, node.end);
    mutants.push({ id: mutants.length + 1, kind, line, from: short(from), to: short(to) });
    return mutants.length;
  }

  const text = emit(file);
  return { mutants, text: `const activeMutant = globalThis.activeMutant;${text}` };
}

/** The texts that an expression may be replaced by. */
function alternatives(node: Node, file: SourceFile): Swap[] {
  if (isBinaryExpression(node)) {
    const operator = node.operatorToken.getText(file);
    const [left, right] = [node.left.getText(file), node.right.getText(file)];
    if (operator === '+' && [node.left, node.right].some(isText)) return [];
    return (swaps.get(operator) ?? []).map(([to, kind]) => [`${left} ${to} ${right}`, kind]);
  }
  if (isPrefixUnaryExpression(node) && node.operator === SyntaxKind.ExclamationToken) {
    return [[node.operand.getText(file), 'boolean']];
  }
  if (isPrefixUnaryExpression(node) || isPostfixUnaryExpression(node)) {
    const text = node.getText(file);
    const other = text.replace(/\+\+|--/, (found) => (found === '++' ? '--' : '++'));
    return other === text ? [] : [[other, 'arithmetic']];
  }
  if (node.kind === SyntaxKind.TrueKeyword) return [['false', 'boolean']];
  if (node.kind === SyntaxKind.FalseKeyword) return [['true', 'boolean']];
  if (isNumericLiteral(node)) return [[`${node.getText(file)} + 1`, 'swapped constant']];
  if (isStringLiteral(node)) {
    return [[node.text === '' ? "'mutant'" : "''", 'swapped constant']];
  }
  return [];
}

/** Whether nothing in it is mutated. */
function isFixed(node: Node): boolean {
  const { parent } = node;
  return isTypeNode(node) || isImportDeclaration(node) || isExportDeclaration(node) ||
    isInterfaceDeclaration(node) || isTypeAliasDeclaration(node) ||
    isTypeParameterDeclaration(node) || node.kind === SyntaxKind.ExportKeyword ||
    // The message of an error is for people.
    (isNewExpression(node) && node.expression.getText().endsWith('Error')) ||
    // A name, not a value.
    (parent !== undefined && isPropertyAssignment(parent) && parent.name === node) ||
    (isExpressionStatement(node) && /^(super\b|assert\w*\()/.test(node.getText()));
}

function isText(node: Node): boolean {
  return isStringLiteral(node) || isTemplateExpression(node);
}

function short(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ');
  return line.length > 60 ? `${line.slice(0, 59)}…` : line;
}
