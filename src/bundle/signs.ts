/** Signs, in the code of a script, that it could tell whether it is a file of its own. */
import type { Token } from 'acorn';
import { awaitsAtTop, parseSource } from './parse-source.ts';

/** The sign of an ES module that asks for names of CommonJS, such as `typeof module`: it can be in one ES module. */
export const COMMONJS_NAMES = 'asks for the names of CommonJS';

/** Words without which a script has no sign. */
const SUSPICIOUS =
  /\b(?:vm|require|import\s*\(|import\.meta|import\s*\.|module|exports|__dirname|__filename|eval|createRequire|prepareStackTrace|dlopen|binding|Worker|worker_threads|child_process|cluster|evaluate\w*)\b|\$eval|Function\.prototype\.toString|\bimport\s*\(|\bawait\b|\barguments\b/;

/**
 * Modules by which a package starts threads, and processes of its own kind, which have files of their own; runs code as text;
 * and changes how files are loaded.
 */
const STARTERS = /^(?:node:)?(?:worker_threads|cluster|vm|module)$/;
const CODE = /\bimport\s*\(/;

/** The labels of operators, as acorn has them. */
const CONDITION_BEFORE = /^(?:!\/~|==\/!=\/===\/!==)$/;
const CONDITION_AFTER = /^(?:&&|\?|=|==\/!=\/===\/!==)$/;

/** What a module of CommonJS has, beside its exports, only as a file. */
const MODULE_PROPERTIES =
  /^(?:id|path|paths|filename|loaded|children|parent|require|isPreloading|constructor|hot|_\w+)$/;

export type Script = {
  path: string;
  format: 'cjs' | 'esm' | undefined;
  isOwn: boolean;
  /** Whether it is the module itself. */
  isEntry: boolean;
};

/** Returns what a script has that only a file of its own can have, for people; undefined if it has nothing like that. */
export async function findSign(source: string, script: Script): Promise<string | undefined> {
  if (!SUSPICIOUS.test(source)) return undefined;
  try {
    const { tokens, program } = await parseSource(source, script);
    // Modules that await run side by side, and one after the other in one file.
    if (script.format === 'esm' && !script.isEntry && awaitsAtTop(program)) return 'awaits while it loads';
    return signIn(tokens, script);
  } catch {
    return 'cannot be read';
  }
}

function signIn(tokens: readonly Token[], script: Script): string | undefined {
  let names: string | undefined;
  const variable = tokens.findIndex((_, index) => declaresModule(tokens, index));
  /** How many braces are open. */
  let depth = 0;
  for (const [index, token] of tokens.entries()) {
    depth += depthOf(token);
    const atTop = depth === 0 && token.type.label === 'name' ? signAtTop(tokens, index, script) : undefined;
    if (atTop !== undefined) return atTop;
    // From its declaration on, the name is taken for that of the variable.
    const isVariable = variable >= 0 && index > variable && textOf(token) === 'module';
    if (isVariable && !asksModule(tokens, index)) continue;
    const sign = signAt(tokens, index, token, script);
    if (sign === COMMONJS_NAMES) names = sign;
    else if (sign !== undefined) return sign;
  }
  return names;
}

function depthOf({ type: { label } }: Token): number {
  return label === '{' || label === '${' ? 1 : label === '}' ? -1 : 0;
}

/** Outside of all braces. */
function signAtTop(tokens: readonly Token[], index: number, { format }: Script): string | undefined {
  if (labelAt(tokens, index - 1) === '.') return undefined;
  // Those of the function in which Node runs a CommonJS file.
  if (textAt(tokens, index) === 'arguments' && format === 'cjs') return 'uses arguments';
  return undefined;
}

function signAt(tokens: readonly Token[], index: number, token: Token, script: Script): string | undefined {
  const { isOwn } = script;
  const text = textOf(token);
  if (token.type.label === 'string' || token.type.label === 'template') {
    // Code as text finds nothing beside it: new Function('name', 'return import(name)').
    if (CODE.test(text) && tokens.some((each) => textOf(each) === 'Function')) return 'has code as text';
    return !isOwn && STARTERS.test(text) && isSpecifier(tokens, index) ? `uses ${text}` : undefined;
  }
  if (token.type.label === 'import') return signOfImport(tokens, index, isOwn);
  if (token.type.label !== 'name') return undefined;
  const isProperty = labelAt(tokens, index - 1) === '.' || labelAt(tokens, index - 1) === '?.';
  const isKey = labelAt(tokens, index + 1) === ':' && /^[{,]$/.test(labelAt(tokens, index - 1));
  if (isProperty || isKey) return signOfProperty(tokens, index, text, isOwn);
  return signOfName(tokens, index, text, script);
}

function signOfImport(tokens: readonly Token[], index: number, isOwn: boolean): string | undefined {
  const next = labelAt(tokens, index + 1);
  if (next === '(') return isLiteralCall(tokens, index + 1) ? undefined : 'imports by a computed name';
  if (next !== '.') return undefined;
  const isLocation = labelAt(tokens, index + 3) === '.' && /^(?:url|filename|dirname)$/.test(textAt(tokens, index + 4));
  // Own sources keep these in one file: source-location.ts.
  return isOwn && isLocation ? undefined : 'uses import.meta';
}

/** Own code that is run elsewhere, as its text, and what only the engine knows. */
function signOfProperty(tokens: readonly Token[], index: number, name: string, isOwn: boolean): string | undefined {
  if (name === 'prepareStackTrace') return 'reads stacks';
  if (/^(?:dlopen|binding)$/.test(name) && textAt(tokens, index - 2) === 'process') return `has process.${name}`;
  if (name === 'createRequire') return 'makes a require()';
  if (name === 'toString' && textAt(tokens, index - 2) === 'prototype' && textAt(tokens, index - 4) === 'Function') {
    return isOwn ? 'reads the text of functions' : undefined;
  }
  if (isOwn && (/^evaluate/.test(name) || /\$eval$/.test(name) || name === 'eval')) return 'sends code elsewhere';
  return undefined;
}

function signOfName(
  tokens: readonly Token[],
  index: number,
  name: string,
  { format, isOwn }: Script,
): string | undefined {
  switch (name) {
    case 'require':
      if (format === 'esm') return 'knows require';
      return labelAt(tokens, index + 1) === '(' && isLiteralCall(tokens, index + 1)
        ? undefined
        : 'requires by a computed name';
    case 'module':
      if (format === 'esm') return COMMONJS_NAMES;
      return isPlainModule(tokens, index) ? undefined : 'uses module';
    case 'exports':
      return format === 'esm' ? COMMONJS_NAMES : undefined;
    case '__dirname':
    case '__filename':
      return isOwn ? undefined : 'uses its location';
    case 'createRequire':
      return 'makes a require()';
    case 'eval':
      return labelAt(tokens, index + 1) === '(' ? 'has eval' : undefined;
    case 'Worker':
      return !isOwn && textAt(tokens, index - 1) === 'new' ? 'starts a Worker' : undefined;
    default:
      return undefined;
  }
}

/** Whether a variable is declared here that is called `module`. */
function declaresModule(tokens: readonly Token[], index: number): boolean {
  return textAt(tokens, index) === 'module' && /^(?:const|let|var)$/.test(textAt(tokens, index - 1));
}

/** Whether `module` is not given away as a value, and nothing is asked of it that only a file has. */
function isPlainModule(tokens: readonly Token[], index: number): boolean {
  const next = labelAt(tokens, index + 1);
  if (next === '.') return !asksModule(tokens, index);
  if (/^(?:\[|\(|\?\.)$/.test(next)) return false;
  // Its type is the same everywhere, and a variable may have its name.
  if (/^(?:typeof|const|let|var)$/.test(textAt(tokens, index - 1))) return true;
  // A condition, a comparison, and an assignment to it give its value to nothing else.
  if (CONDITION_BEFORE.test(labelAt(tokens, index - 1)) || CONDITION_AFTER.test(next)) return true;
  // Object.defineProperty(module, 'exports', ...
  const isDefinition = textAt(tokens, index - 2) === 'defineProperty' && textAt(tokens, index + 2) === 'exports';
  return isDefinition && labelAt(tokens, index - 1) === '(' && labelAt(tokens, index + 1) === ',';
}

/** Whether a property is asked for that only a file has. */
function asksModule(tokens: readonly Token[], index: number): boolean {
  return labelAt(tokens, index + 1) === '.' && MODULE_PROPERTIES.test(textAt(tokens, index + 2));
}

function isSpecifier(tokens: readonly Token[], index: number): boolean {
  const before = textAt(tokens, index - 1);
  if (before === 'from' || before === 'import') return true;
  return labelAt(tokens, index - 1) === '(' && /^(?:require|import)$/.test(textAt(tokens, index - 2));
}

/** Whether the call that begins here has one literal. */
function isLiteralCall(tokens: readonly Token[], index: number): boolean {
  return labelAt(tokens, index + 1) === 'string' && /^[,)]$/.test(labelAt(tokens, index + 2));
}

function labelAt(tokens: readonly Token[], index: number): string {
  return tokens[index]?.type.label ?? '';
}

function textAt(tokens: readonly Token[], index: number): string {
  const token = tokens[index];
  return token === undefined ? '' : textOf(token);
}

function textOf(token: Token): string {
  const { value } = token as { value?: unknown };
  return typeof value === 'string' ? value : (token.type.keyword ?? '');
}

/** Whether a script begins with the directive, after comments. */
export function isStrict(source: string): boolean {
  for (let at = 0; at < source.length; ) {
    const start = source.slice(at, at + 12);
    if (/^\s/.test(start)) at += 1;
    else if (start.startsWith('//') || start.startsWith('#!')) at = after(source, '\n', at);
    else if (start.startsWith('/*')) at = after(source, '*/', at + 2);
    else return /^(['"])use strict\1/.test(start);
  }
  return false;
}

function after(source: string, end: string, from: number): number {
  const found = source.indexOf(end, from);
  return found < 0 ? source.length : found + end.length;
}
