// Mutants of a file: small changes, each of which a test should notice.
import {
  isBinaryExpression,
  isClassDeclaration,
  isDoStatement,
  isExportDeclaration,
  isExpressionStatement,
  isForStatement,
  isFunctionDeclaration,
  isGetAccessorDeclaration,
  isImportDeclaration,
  isInterfaceDeclaration,
  isMethodDeclaration,
  isNewExpression,
  isNumericLiteral,
  isPostfixUnaryExpression,
  isPrefixUnaryExpression,
  isPropertyAssignment,
  isPropertyDeclaration,
  isStringLiteral,
  isTemplateExpression,
  isTypeAliasDeclaration,
  isTypeNode,
  isTypeParameterDeclaration,
  isVariableDeclaration,
  isWhileStatement,
  type Node,
  type SourceFile,
  SyntaxKind,
} from 'typescript/unstable/ast';
import { written } from '../../house/source.ts';
import { operators } from './observer.ts';

/** A change of a file. */
export interface Mutant {
  readonly id: number;
  readonly file: string;
  /** Where it is and what it changes, without a number of a line; unique in the file. */
  readonly name: string;
  readonly kind: string;
  /** From 1. */
  readonly line: number;
  /** What is changed, on one line. */
  readonly from: string;
  readonly to: string;
}

/** A file with all of its mutants, of which the one whose number is `activeMutant` is active. */
export interface MutableFile {
  readonly mutants: readonly Mutant[];
  /**
   * The text of the file, in which each mutated place asks which mutant is active. Each turn of a
   * loop takes one of `loopsLeft`, and calls `endlessLoop` when there is none.
   */
  readonly text: string;
  /**
   * The same without a mutant. A mutated place calls `reach(id)`, or, where it has no side effects,
   * `compare(id, value, () => other)` or `operate(left, operator, right, id, operator)`, which
   * return its value and can tell whether that of the mutant differs.
   */
  readonly observed: string;
}

/** The text of a node with its mutants, and the one that is observed. */
type Texts = readonly [text: string, observed: string];

interface Parts {
  /** Without what leads to the node. */
  readonly text: string;
  readonly observed: string;
  /** The observed texts of the children. */
  readonly parts: readonly string[];
}

type Swap = readonly [text: string, kind: string];

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

/**
 * Makes the mutants of a file. Types, imports and the texts of errors have none.
 *
 * @param first The number of the first one.
 */
export function mutate(file: string, source: string, first = 1): MutableFile {
  const tree = written([file, source])[0]!.tree;
  const mutants: Mutant[] = [];
  const counts = new Map<string, number>();

  function emit(node: Node): Texts {
    if (isFixed(node)) return [node.getFullText(tree), node.getFullText(tree)];
    const leading = source.slice(node.pos, node.getStart(tree));
    const [text, observed] = emitNode(node, emitParts(node));
    const turn = isLoopBody(node) ? '{ if (loopsLeft-- < 0) endlessLoop();' : '';
    const end = turn === '' ? '' : ' }';
    return [leading + turn + text + end, leading + turn + observed + end];
  }

  function emitNode(node: Node, { text, observed, parts }: Parts): Texts {
    if (isExpressionStatement(node)) return emitStatement(node, text, observed);
    const choices = alternatives(node, tree).map((swap) => ({ id: add(node, swap), swap }));
    if (choices.length === 0) return [text, observed];
    const chosen = choices.reduce(
      (rest, { id, swap }) => `activeMutant === ${id} ? (${swap[0]}) : ${rest}`,
      `(${text})`,
    );
    return [`(${chosen})`, observe(node, choices, observed, parts)];
  }

  function emitStatement(node: Node, text: string, observed: string): Texts {
    const id = add(node, ['', 'dropped statement']);
    // In braces of its own, so that an `else` that follows is not its.
    return [`{ if (activeMutant !== ${id}) { ${text} } }`, `{ reach(${id}); ${observed} }`];
  }

  function emitParts(node: Node): Parts {
    let [text, observed, at] = ['', '', node.pos];
    const parts: string[] = [];
    node.forEachChild((child) => {
      const [part, observedPart] = emit(child);
      const between = source.slice(at, child.pos);
      text += between + part;
      observed += between + observedPart;
      parts.push(observedPart);
      at = child.end;
    });
    const rest = source.slice(at, node.end);
    const skipped = node.getStart(tree) - node.pos;
    return {
      text: (text + rest).slice(skipped),
      observed: (observed + rest).slice(skipped),
      parts,
    };
  }

  function add(node: Node, [to, kind]: Swap): number {
    const start = node.getStart(tree);
    const line = tree.getLineAndCharacterOfPosition(start).line + 1;
    const from = short(source.slice(start, node.end));
    const id = first + mutants.length;
    const plain = `${placeOf(node)} | ${kind} | ${from} -> ${short(to)}`;
    const count = (counts.get(plain) ?? 0) + 1;
    counts.set(plain, count);
    const name = count === 1 ? plain : `${plain} #${count}`;
    mutants.push({ id, file, name, kind, line, from, to: short(to) });
    return id;
  }

  const [text, observed] = emit(tree);
  return { mutants, text, observed };
}

/** An expression that reports which of its mutants differ. */
function observe(
  node: Node,
  choices: readonly { readonly id: number; readonly swap: Swap }[],
  observed: string,
  parts: readonly string[],
): string {
  if (isBinaryExpression(node) && operators.has(node.operatorToken.getText())) {
    const operator = node.operatorToken.getText();
    const others = swaps.get(operator)!.map(([other], i) => `${choices[i]!.id}, '${other}'`);
    return `operate(${parts[0]}, '${operator}', ${parts[2]}, ${others.join(', ')})`;
  }
  return choices.reduce(
    (rest, { id, swap }) =>
      isPure(node) ? `compare(${id}, ${rest}, () => (${swap[0]}))` : `(reach(${id}), ${rest})`,
    `(${observed})`,
  );
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
  if (isNegative(node)) return [[`${node.getText(file)} + 1`, 'swapped constant']];
  if (isPrefixUnaryExpression(node) || isPostfixUnaryExpression(node)) {
    const text = node.getText(file);
    const other = text.replace(/\+\+|--/, (found) => (found === '++' ? '--' : '++'));
    return other === text ? [] : [[other, 'arithmetic']];
  }
  if (node.kind === SyntaxKind.TrueKeyword) return [['false', 'boolean']];
  if (node.kind === SyntaxKind.FalseKeyword) return [['true', 'boolean']];
  if (isNumericLiteral(node)) {
    // A negative number is one constant: -1, which says that there is none, becomes 0, a position.
    if (isNegative(node.parent)) return [];
    return [[`${node.getText(file)} + 1`, 'swapped constant']];
  }
  if (isStringLiteral(node)) {
    return [[node.text === '' ? "'mutant'" : "''", 'swapped constant']];
  }
  return [];
}

function isNegative(node: Node): boolean {
  return isPrefixUnaryExpression(node) && node.operator === SyntaxKind.MinusToken &&
    isNumericLiteral(node.operand);
}

/** Whether nothing in it is mutated. */
function isFixed(node: Node): boolean {
  const { parent } = node;
  return isTypeNode(node) || isImportDeclaration(node) || isExportDeclaration(node) ||
    isInterfaceDeclaration(node) || isTypeAliasDeclaration(node) ||
    isTypeParameterDeclaration(node) || node.kind === SyntaxKind.ExportKeyword ||
    // The message of an error is for people.
    (isNewExpression(node) && node.expression.getText().endsWith('Error')) ||
    // Checks for tests: no test that passes can tell a weaker one.
    (isMethodDeclaration(node) && node.name.getText() === 'assertInvariants') ||
    // A name, not a value.
    (parent !== undefined && isPropertyAssignment(parent) && parent.name === node) ||
    (isExpressionStatement(node) && /^(super\b|assert\w*\()/.test(node.getText()));
}

/** The names of what a node is in, outermost first. */
function placeOf(node: Node): string {
  const names: string[] = [];
  for (let outer = node.parent; outer !== undefined; outer = outer.parent) {
    if (
      isFunctionDeclaration(outer) || isMethodDeclaration(outer) ||
      isGetAccessorDeclaration(outer) || isClassDeclaration(outer) ||
      isPropertyDeclaration(outer) || isVariableDeclaration(outer) || isPropertyAssignment(outer)
    ) names.unshift(short(outer.name?.getText() ?? ''));
  }
  return names.join('.');
}

function isLoopBody(node: Node): boolean {
  const { parent } = node;
  return parent !== undefined &&
    (isWhileStatement(parent) || isForStatement(parent) || isDoStatement(parent)) &&
    parent.statement === node;
}

/** Whether an expression can be evaluated again, with another result for another operator. */
function isPure(node: Node): boolean {
  let pure = !impure.has(node.kind) &&
    !(isBinaryExpression(node) && isAssignment(node.operatorToken.getText())) &&
    !(isPrefixUnaryExpression(node) && /^(\+\+|--)/.test(node.getText()));
  node.forEachChild((child) => {
    pure &&= isPure(child);
  });
  return pure;
}

function isAssignment(operator: string): boolean {
  return operator.endsWith('=') && !/^([=!]==?|[<>]=)$/.test(operator);
}

const impure: ReadonlySet<SyntaxKind> = new Set([
  SyntaxKind.CallExpression,
  SyntaxKind.NewExpression,
  SyntaxKind.PostfixUnaryExpression,
  SyntaxKind.AwaitExpression,
  SyntaxKind.YieldExpression,
  SyntaxKind.DeleteExpression,
  SyntaxKind.TaggedTemplateExpression,
  SyntaxKind.ArrowFunction,
  SyntaxKind.FunctionExpression,
  SyntaxKind.ObjectLiteralExpression,
  SyntaxKind.ArrayLiteralExpression,
]);

function isText(node: Node): boolean {
  return isStringLiteral(node) || isTemplateExpression(node);
}

function short(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ');
  return line.length > 60 ? `${line.slice(0, 59)}…` : line;
}
