/** Code for what keywords say of a text or a number. */

import type { SchemaObject } from '../../description/description.ts';
import { FORMAT_CODE } from '../../description/formats.ts';
import { MAX_SLOW_TEXT, searchPattern } from '../../description/linear-pattern.ts';
import { type CodeFor, type Declarations, joined } from './declarations.ts';

export function textDetails(
  declarations: Declarations,
  { pattern, format, minLength, maxLength }: SchemaObject,
): CodeFor | undefined {
  const conditions: string[] = [];
  // JSON Schema counts code points.
  if (typeof minLength === 'number') conditions.push(`(v.length >= ${2 * minLength} || pointsOf(v) >= ${minLength})`);
  if (typeof maxLength === 'number') conditions.push(`(v.length <= ${maxLength} || pointsOf(v) <= ${maxLength})`);
  if (typeof pattern === 'string') {
    conditions.push(matches(declarations, pattern, 'v'));
  }
  const formatCode = FORMAT_CODE[String(format)];
  if (formatCode !== undefined) conditions.push(formatCode);
  return conditions.length === 0 ? undefined : declarations.functionOf(`return ${conditions.join(' && ')};`);
}

export function matches(declarations: Declarations, pattern: string, v: string): string {
  const { source, maybeSlow } = searchPattern(pattern);
  const test = `${declarations.constant(`new RegExp(${JSON.stringify(source)}, 'u')`)}.test(${v})`;
  return maybeSlow ? `(${v}.length > ${MAX_SLOW_TEXT} || ${test})` : test;
}

export function numberDetails(schema: SchemaObject): CodeFor | undefined {
  const limits: [string, (v: string, limit: number) => string][] = [
    ['minimum', (v, limit) => `${v} >= ${limit}`],
    ['maximum', (v, limit) => `${v} <= ${limit}`],
    ['exclusiveMinimum', (v, limit) => `${v} > ${limit}`],
    ['exclusiveMaximum', (v, limit) => `${v} < ${limit}`],
    ['multipleOf', (v, limit) => `isMultiple(${v}, ${limit})`],
  ];
  const given = limits.flatMap(([keyword, code]) => {
    const limit = schema[keyword];
    return typeof limit === 'number' ? [(v: string) => code(v, limit)] : [];
  });
  return given.length === 0 ? undefined : (v) => joined('&&', given, v);
}
