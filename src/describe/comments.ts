/** What a comment says: texts for people, and constraints for a schema. */

import type { MethodDescription, Schema, SchemaObject } from '../../description/description.ts';
import type { Comment } from './compiler.ts';
import { annotated, asInteger } from './schema-parts.ts';

/** Tags that are keywords of JSON Schema, as other tools write them too. */
const NUMBERS: ReadonlySet<string> = new Set([
  ...['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'],
  ...['minLength', 'maxLength', 'minItems', 'maxItems', 'minProperties', 'maxProperties'],
]);

/** Adds to the schema of a property, or of a named type, what its comment says. @param note of a tag that is not usable. */
export function withComment(schema: Schema, { text, tags }: Comment, note: (text: string) => void): Schema {
  let constrained = schema;
  const keywords: SchemaObject = {};
  for (const { name, text: value } of tags) {
    if (name === 'integer' || (/^(?:asType|TJS-type|type)$/.test(name) && bare(value) === 'integer'))
      constrained = asInteger(constrained);
    else Object.assign(keywords, keywordOf(name, bare(value), note));
  }
  const description = plainText(text);
  if (description !== '') keywords.description = description;
  for (const { name, text: value } of tags) {
    if (name === 'default' || name === 'defaultValue') keywords.default = jsonOrText(bare(value));
    if (name === 'deprecated') keywords.deprecated = true;
    if (name === 'example') keywords.examples = [...((keywords.examples as unknown[]) ?? []), jsonOrText(bare(value))];
  }
  return annotated(constrained, keywords);
}

function keywordOf(name: string, value: string, note: (text: string) => void): SchemaObject {
  if (NUMBERS.has(name)) {
    const number = Number(value);
    if (value !== '' && Number.isFinite(number)) return { [name]: number };
    note(`its @${name} is no number`);
  }
  if (name === 'pattern') {
    if (isPattern(value)) return { pattern: value };
    note('its @pattern is no regular expression');
  }
  if (name === 'format' && /^[\w-]+$/.test(value)) return { format: value };
  if (name === 'uniqueItems' && value !== 'false') return { uniqueItems: true };
  return {};
}

function isPattern(text: string): boolean {
  try {
    new RegExp(text, 'u');
    return text !== '';
  } catch {
    return false;
  }
}

/** The texts of a method. */
export function methodTexts({ text, tags }: Comment): Partial<MethodDescription> {
  const of = (...names: string[]): string[] =>
    tags.filter(({ name }) => names.includes(name)).map(({ text: value }) => plainText(value));
  const description = plainText(text);
  const [summary = ''] = description.split(/\n\s*\n/);
  const [deprecated] = of('deprecated');
  const examples = of('example').map(withoutFences);
  const throws = of('throws', 'exception');
  const remarks = of('remarks');
  const whole = [description, ...remarks].filter((part) => part !== '').join('\n\n');
  return {
    ...(summary !== '' && { summary: summary.replaceAll(/\s*\n\s*/g, ' ') }),
    ...(whole !== '' && { description: whole }),
    ...(deprecated !== undefined && { deprecated: deprecated === '' ? true : deprecated }),
    ...(examples.length > 0 && { examples }),
    ...(throws.length > 0 && { throws }),
  };
}

/** What `@returns` says, without a type of JSDoc. */
export function resultText({ tags }: Comment): string {
  const found = tags.find(({ name }) => name === 'returns' || name === 'return')?.text ?? '';
  return withoutHyphen(plainText(found).replace(/^\{[^{}]*\}\s*/, ''));
}

/** TSDoc separates the name of a parameter from its text by a hyphen. */
export function withoutHyphen(text: string): string {
  return plainText(text).replace(/^-\s+/, '');
}

/** What `@param` says of the parameter with this name. */
export function paramText({ tags }: Comment, name: string): string {
  const param = /^\[?([A-Za-z_$][\w$]*)(?:=[^\]]*)?\]?(?:\s+([\s\S]*))?$/;
  const found = tags.map(({ name: tag, text }) => (tag === 'param' ? param.exec(text.trim()) : null));
  return withoutHyphen(found.find((match) => match?.[1] === name)?.[2] ?? '');
}

/** The name that `@param` gives the parameter at this place; not that of a property of it. */
export function paramNameAt({ tags }: Comment, index: number): string | undefined {
  const names = tags
    .filter(({ name }) => name === 'param')
    .map(({ text }) => /^\[?([A-Za-z_$][\w$]*)(?![\w$.])/.exec(text)?.[1])
    .filter((name) => name !== undefined);
  return names[index];
}

/** `{@link name text}` is its text. */
function plainText(text: string): string {
  return text
    .replaceAll(/\{@link(?:code|plain)?\s+([^\s|}]+)\s*\|?\s*([^}]*)\}/g, (_, target: string, label: string) =>
      label.trim() === '' ? target : label.trim(),
    )
    .replaceAll('\r\n', '\n')
    .trim();
}

function withoutFences(text: string): string {
  return /^(?:<caption>.*<\/caption>\s*)?```\w*\n([\s\S]*?)\n?```$/.exec(text)?.[1] ?? text;
}

/** Of a tag with one value: without quotation marks of Markdown. */
function bare(text: string): string {
  const trimmed = text.trim();
  return /^`([^`]*)`$/.exec(trimmed)?.[1] ?? trimmed;
}

/** A value of JSON, or text. */
function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return /^'([^']*)'$/.exec(text)?.[1] ?? text;
  }
}
