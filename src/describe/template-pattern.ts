/** The regular expression of a template literal type. */
import type { Compiler, Type } from './compiler.ts';

const ANY_TEXT = '[\\s\\S]*';
/** What `${number}` takes, and what a number becomes in a text. */
const NUMBER =
  '(?:[+-]?(?:\\d+\\.?\\d*|\\.\\d+)(?:[eE][+-]?\\d+)?|0[xX][\\da-fA-F]+|0[oO][0-7]+|0[bB][01]+|-?Infinity|NaN)';
const BIGINT = '-?\\d+';

/** @returns a pattern for the whole text, valid with the flag `u`. */
export function templatePattern(compiler: Compiler, texts: readonly string[], types: readonly Type[]): string {
  return `^${bodyOf(compiler, texts, types)}$`;
}

function bodyOf(compiler: Compiler, texts: readonly string[], types: readonly Type[]): string {
  return texts.map((text, index) => escaped(text) + partOf(compiler, types[index])).join('');
}

function partOf(compiler: Compiler, type: Type | undefined): string {
  if (type === undefined) return '';
  const shape = compiler.shapeOf(type);
  switch (shape.kind) {
    case 'literal':
      return escaped(String(shape.value));
    case 'number':
      return NUMBER;
    case 'bigint':
      return BIGINT;
    case 'boolean':
      return '(?:true|false)';
    case 'null':
    case 'undefined':
      return shape.kind;
    case 'template':
      return `(?:${bodyOf(compiler, shape.texts, shape.types)})`;
    case 'union':
      return `(?:${shape.types
        .map((each) => partOf(compiler, each))
        .sort()
        .join('|')})`;
    default:
      return ANY_TEXT;
  }
}

/** RegExp.escape() writes escapes that other languages do not read. */
function escaped(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}
